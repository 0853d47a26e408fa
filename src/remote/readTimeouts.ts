import { parseTimeouts } from "./parse/timeoutOutput.ts";
import type { RemoteAccess } from "./remoteExec.ts";
import { runScript } from "./remoteScript.ts";
import type { ServerTimeouts } from "./timeoutFacts.ts";
import { timeoutScript } from "./timeoutScript.ts";

/** sshd's configuration and a few lines more: a hundred times what any server prints. */
const maxOutputBytes = 1024 * 1024;

/**
 * Reads what the server says about ending sessions, as far as this user may, in one round trip.
 * @throws RemoteViewError, or what the connection throws.
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
