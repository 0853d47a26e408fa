import { ConfigError } from "../config/configErrors.ts";
import type { HostConfig } from "../config/hostConfig.ts";
import type { Dimensions } from "../engine/connectionEngine.ts";
import type { OpenSessionRequest } from "./openSessionTypes.ts";

const term = "xterm-256color";

/**
 * What a terminal on a host requests, like `ssh HOST` in a local terminal (ssh.c, main): RemoteCommand in place of
 * the shell, SessionType, and RequestTTY, which under `auto` gives a shell a terminal and a command none.
 * @param command a command to run instead: it always gets a terminal.
 * @throws ConfigError `no-session`
 */
export function terminalRequest(
  config: HostConfig,
  command: string | undefined,
  dimensions: Dimensions,
): Pick<OpenSessionRequest, "request" | "pty"> {
  const pty = { pty: { term, dimensions } };
  if (command !== undefined) {
    return { request: { type: "exec", command }, ...pty };
  }
  const { remoteCommand, requestTty, sessionType } = config;
  if (sessionType === "none") {
    const source = config.sources.get("sessiontype");
    throw new ConfigError("no-session", "SessionType none: there is no session to open", {
      ...(source?.kind === "sshConfig" && source.file !== undefined && { file: source.file }),
      ...(source?.kind === "sshConfig" && source.line !== undefined && { line: source.line }),
    });
  }
  if (remoteCommand === undefined) {
    return { request: { type: "shell" }, ...(requestTty !== "no" && pty) };
  }
  return {
    request:
      sessionType === "subsystem"
        ? { type: "subsystem", name: remoteCommand }
        : { type: "exec", command: remoteCommand },
    ...((requestTty === "yes" || requestTty === "force") && pty),
  };
}
