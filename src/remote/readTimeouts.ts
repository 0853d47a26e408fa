import { parseTimeouts } from "./parse/timeoutOutput.ts";
import type { RemoteAccess } from "./remoteExec.ts";
import { runScript } from "./remoteScript.ts";
import type { ServerTimeouts } from "./timeoutFacts.ts";
import { timeoutScript } from "./timeoutScript.ts";

/**
 * sshd's configuration and a few more lines: more than 25 times the output of any server. It is parsed and explained
 * in one turn of the event loop.
 */
export const timeoutBounds = { maxOutputBytes: 256 * 1024, mostLines: 10_000 } as const;

/**
 * Reads the server's timeout settings, as far as this user may, in one round trip.
 * @throws RemoteViewError, or an error of the connection.
 */
export async function readServerTimeouts(
  access: RemoteAccess,
  signal?: AbortSignal,
): Promise<ServerTimeouts> {
  const parts = await runScript(access.exec, timeoutScript, {
    sudo: access.sudo,
    ...timeoutBounds,
    ...(signal === undefined ? {} : { signal }),
  });
  return parseTimeouts(parts);
}
