import { access, constants, lstat, stat, unlink } from "node:fs/promises";
import { connect } from "node:net";
import { dirname, isAbsolute } from "node:path";
import { findUsersSocket, isSafeFolder } from "./usersSocket.ts";

/** Characters that `ssh` appends to the path while it binds (muxserver_listen in mux.c). */
const suffix = 17;

/** The size of `sun_path`, with its zero. */
const addressSize = process.platform === "linux" ? 108 : 104;

/** Milliseconds: a socket is there, but its master does not accept. */
const acceptPatience = 2_000;

/**
 * Prepares the user's ControlPath for a new master. Undefined: nothing is there. Otherwise why no master can be made
 * there, for the log. A socket without a listener is removed, as `ssh` does (muxclient in mux.c); everything else
 * that is there stays. @throws the signal's reason
 */
export async function clearControlPath(path: string, signal: AbortSignal): Promise<string | undefined> {
  if (!isAbsolute(path) || path.includes("${")) {
    return "ssh would change this path";
  }
  if (Buffer.byteLength(path) + suffix >= addressSize) {
    return "the path is too long for a socket";
  }
  const folder = dirname(path);
  try {
    if (!isSafeFolder(await stat(folder))) {
      return "other users can replace files in its folder";
    }
    await access(folder, constants.W_OK | constants.X_OK);
  } catch {
    return "its folder can't be written to";
  }
  const socket = await findUsersSocket(path);
  if (socket === undefined) {
    return (await exists(path)) ? "something else is there" : undefined;
  }
  if (!(await isRefused(path, signal))) {
    return "another connection is there";
  }
  // Another program may have replaced it meanwhile.
  if ((await findUsersSocket(path))?.identity === socket.identity) {
    await unlink(path).catch(() => {});
  }
  return (await exists(path)) ? "another socket is there" : undefined;
}

/** Whether nobody listens there (ECONNREFUSED). @throws the signal's reason */
async function isRefused(path: string, signal: AbortSignal): Promise<boolean> {
  const socket = connect(path);
  try {
    return await new Promise<boolean>((resolve, reject) => {
      const end = (): void => (signal.aborted ? reject(signal.reason) : resolve(false));
      AbortSignal.any([signal, AbortSignal.timeout(acceptPatience)]).addEventListener("abort", end);
      socket.once("connect", () => resolve(false));
      socket.once("error", (error: NodeJS.ErrnoException) => resolve(error.code === "ECONNREFUSED"));
    });
  } finally {
    socket.destroy();
  }
}

async function exists(path: string): Promise<boolean> {
  return await lstat(path).then(
    () => true,
    () => false,
  );
}
