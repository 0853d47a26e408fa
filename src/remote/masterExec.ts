import { execute } from "../session/run/execute.ts";
import type { SessionService } from "../session/sessionServiceTypes.ts";
import type { RemoteExec } from "./remoteExec.ts";

/**
 * Runs commands as sessions of one live master, and of no other: when it has ended, a call rejects with ChannelError.
 * The sessions are not kept in the history, and never prompt.
 * @param host what the master was opened for, as typed
 */
export function masterExec(service: SessionService, masterId: string, host: string): RemoteExec {
  return async (command, options) => {
    const { outcome, stdout, stderr, truncated } = await execute(service, host, command, {
      stdin: options.stdin,
      timeLimitSeconds: options.timeLimitSeconds,
      maxOutputBytes: options.maxOutputBytes,
      onMaster: masterId,
      title: "Lookup on the server",
      purpose: "lookup",
      login: "unattended",
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    return {
      exitCode: outcome.kind === "exited" ? outcome.code : undefined,
      stdout: stdout.toString("utf8"),
      stderr: stderr.toString("utf8"),
      truncated,
    };
  };
}
