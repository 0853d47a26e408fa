import { parseTimeouts } from "./parse/timeoutOutput.ts";
import type { RemoteAccess } from "./remoteExec.ts";
import { runScript } from "./remoteScript.ts";
import type { ServerTimeouts } from "./timeoutFacts.ts";
import { timeoutScript } from "./timeoutScript.ts";

/** sshd's configuration and a few more lines: a hundred times what any server prints. */
const maxOutputBytes = 1024 * 1024;

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
    maxOutputBytes,
    ...(signal === undefined ? {} : { signal }),
  });
  return parseTimeouts(parts);
}
