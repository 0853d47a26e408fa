import { type ListeningPort, parseListening } from "./parse/listeningSockets.ts";
import type { RemoteAccess } from "./remoteExec.ts";
import { runScript } from "./remoteScript.ts";

/** State `0A` is TCP_LISTEN (include/net/tcp_states.h). */
const body = `part user
id -u
part sockets
for table in /proc/net/tcp /proc/net/tcp6; do
  if [ -r "$table" ]; then part table "$table"; grep ' 0A ' "$table" | head -n 1000; fi
done`;

const timeLimitSeconds = 10;
const maxOutputBytes = 512 * 1024;
/**
 * Reads the ports on which the login's own user listens, at loopback or at every address, without looking into any
 * process. Undefined: the server has no /proc/net, such as a BSD.
 * @throws RemoteViewError
 */
export async function readListeningPorts({
  exec,
}: RemoteAccess): Promise<readonly ListeningPort[] | undefined> {
  const parts = await runScript(exec, body, { sudo: false, timeLimitSeconds, maxOutputBytes });
  const user = parts.find(({ name }) => name === "user")?.lines[0]?.trim() ?? "";
  const tables = parts.filter(({ name }) => name === "table");
  return tables.length === 0 || !/^\d+$/.test(user)
    ? undefined
    : parseListening(
        tables.flatMap(({ lines }) => lines),
        user,
      );
}
