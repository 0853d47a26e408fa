import { createHash, randomBytes } from "node:crypto";
import { chmod, link, lstat, mkdir, readdir, rm, rmdir } from "node:fs/promises";
import { connect, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isRunning } from "../base/isRunning.ts";
import { ShareError } from "./shareErrors.ts";

/**
 * OpenSSH's clients accept a path of 107 bytes (103 on macOS), and Node truncates a longer one without an error. A
 * folder above this length leaves no room for names.
 */
const longestFolder = 80;

/** The names that `listenIn` creates, and those of keepers that leave. Other files in the folder are left alone. */
const socketName = /^(?:p?[0-9a-f]{12}(?:-w)?|w[0-9a-f]{12}\.[0-9a-f]{6}|keeper\.\d{1,10})$/;
/** A link to the control socket of a master of `ssh`: see `masterLinkName`. */
const linkName = /^m[0-9a-f]{12}$/;
/** The note that the wrapper makes of a program on a master: `link.pid.name`. */
export const programNotePattern = /^(m[0-9a-f]{12})\.(\d{1,10})\.([a-z]{1,16})$/;
/** Of the folder that is a turn to log in: see loginTurn.ts. */
const turnName = /^t[0-9a-f]{12}$/;

/**
 * Milliseconds. What has a temporary name gets its final one within a few; until its window listens, it refuses like
 * one that a crash left behind.
 */
export const longestTemporary = 60_000;

/** Milliseconds: the window with the master that a program has used would have removed its note. */
const oldNote = 3_600_000;

/**
 * Of a socket for programs. Versions up to 0.10 have no `p`: the wrapper must not send them what they would pass on to
 * the server.
 */
export function programSocketName(): string {
  return `p${randomBytes(6).toString("hex")}`;
}

/** Beside the socket of this name: the one for `ssh -W`. */
export function stdioSocketName(name: string): string {
  return `${name}-w`;
}

/** By the control socket's path, so that a window that takes the master over finds the programs. */
export function masterLinkName(path: string): string {
  return `m${createHash("sha256").update(path).digest("hex").slice(0, 12)}`;
}

/** Of a socket or folder until it is ready. */
export function temporaryName(): string {
  return `.${randomBytes(6).toString("hex")}`;
}

export function isTemporaryName(name: string): boolean {
  return /^\.[0-9a-f]{12}$/.test(name);
}

/**
 * The folder of one user's sockets on one machine, common to all editors: where the system keeps such sockets, or in
 * the folder for temporary files.
 */
export function socketFolderPath(env: NodeJS.ProcessEnv = process.env, uid = process.getuid?.()): string {
  const runtime = env["XDG_RUNTIME_DIR"];
  return runtime?.startsWith("/")
    ? join(runtime, "ssh-sessions")
    : join(tmpdir(), `ssh-sessions-${uid ?? "user"}`);
}

/**
 * Creates the folder, accessible only to its owner, and checks it: Node can't find out who is at the other end of a
 * socket, so the folder's mode is what keeps other users out.
 * @throws ShareError
 */
export async function prepareSocketFolder(path: string): Promise<void> {
  const uid = process.getuid?.();
  if (uid === undefined) {
    throw new ShareError("unsupported", "This system has no numeric user ids");
  }
  if (Buffer.byteLength(path) > longestFolder) {
    throw new ShareError("path-too-long", `The path of the folder is longer than ${longestFolder} bytes`);
  }
  await mkdir(path, { mode: 0o700 }).catch((error: unknown) => {
    if (!hasErrorCode(error, "EEXIST")) {
      throw error;
    }
  });
  if (!(await isOwnFolder(path))) {
    throw new ShareError("unsafe-folder", "The folder is not accessible to this user only");
  }
}

/** Whether it is a folder that only this user can enter. Never rejects. */
export async function isOwnFolder(path: string): Promise<boolean> {
  // Links are not followed: the target may be a folder that another user can change.
  const facts = await lstat(path).catch(() => undefined);
  return facts?.isDirectory() === true && facts.uid === process.getuid?.() && (facts.mode & 0o077) === 0;
}

/**
 * Listens at a new path in the folder, and returns its name. The socket is bound under a temporary name and gets its
 * mode before link(2) gives it its final name, which never replaces a file: it fails
 * with EEXIST where the name is taken.
 */
export async function listenIn(
  folder: string,
  server: Server,
  name = randomBytes(6).toString("hex"),
): Promise<string> {
  const temporary = join(folder, temporaryName());
  try {
    await listenAt(temporary, server);
    await link(temporary, join(folder, name));
  } finally {
    await rm(temporary, { force: true });
  }
  return name;
}

/** Only this user may connect. */
export async function listenAt(path: string, server: Server): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, () => {
      server.off("error", reject);
      resolve();
    });
  });
  await chmod(path, 0o600);
}

/** Removes what a crash left behind: of sockets, only those that refuse a connection. */
export async function clearStaleSockets(folder: string): Promise<void> {
  await Promise.all(
    (await readdir(folder)).map(async (name) => {
      const path = join(folder, name);
      const facts = await lstat(path).catch(() => undefined);
      if (facts === undefined || facts.uid !== process.getuid?.()) {
        return;
      }
      const mayBeNew = isTemporaryName(name) && Date.now() - facts.mtimeMs < longestTemporary;
      if (facts.isDirectory() && !mayBeNew && (isTemporaryName(name) || turnName.test(name))) {
        const inside = await readdir(path).catch(() => []);
        await Promise.all(inside.map((each) => removeIfRefused(join(path, each))));
        // Fails while something is in it.
        await rmdir(path).catch(() => {});
      } else if (facts.isSocket() && !mayBeNew && (isTemporaryName(name) || socketName.test(name))) {
        await removeIfRefused(path);
      } else if (facts.isSymbolicLink() && !mayBeNew && (isTemporaryName(name) || linkName.test(name))) {
        if (!(await hasListener(path))) {
          await rm(path, { force: true });
        }
      } else if (facts.isFile()) {
        const [, , pid] = programNotePattern.exec(name) ?? [];
        if (pid !== undefined && Date.now() - facts.mtimeMs > oldNote && !isRunning(Number(pid))) {
          await rm(path, { force: true });
        }
      }
    }),
  );
}

/** No name is used twice, so what is removed is what has refused. */
async function removeIfRefused(path: string): Promise<void> {
  if (await refuses(path)) {
    await rm(path, { force: true });
  }
}

export function hasErrorCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}

/** Nobody listens at this socket any more. */
export async function refuses(path: string): Promise<boolean> {
  const outcome = await tryToConnect(path);
  return outcome instanceof Error && hasErrorCode(outcome, "ECONNREFUSED");
}

/** Never rejects. */
export async function hasListener(path: string): Promise<boolean> {
  return (await tryToConnect(path)) === "connected";
}

function tryToConnect(path: string): Promise<"connected" | Error> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve("connected");
    });
    socket.once("error", (error) => resolve(error));
  });
}
