import type { Stats } from "node:fs";
import { lstat, stat } from "node:fs/promises";
import { dirname } from "node:path";

/** A control socket that only this user can have created. */
export interface UsersSocket {
  /** Differs for another socket at the same path. */
  readonly identity: string;
  /** Wall-clock milliseconds: when it was bound. */
  readonly since: number;
}

/** Write permission of group and others, and the sticky bit (stat(2)). */
const othersWrite = 0o022;
const sticky = 0o1000;

/**
 * Node can't find out who is at the other end of a socket, so the file and its folder have to say it: the socket is this
 * user's and has the mode that OpenSSH gives it (0600; muxserver_listen in mux.c), it is not a link, and no other user
 * can rename it in its folder. Undefined: there is no such socket. Never rejects.
 */
export async function findUsersSocket(path: string): Promise<UsersSocket | undefined> {
  const uid = process.getuid?.();
  try {
    const [facts, folder] = await Promise.all([lstat(path), stat(dirname(path))]);
    return isSafeFolder(folder) && facts.isSocket() && facts.uid === uid && (facts.mode & 0o077) === 0
      ? { identity: `${facts.dev} ${facts.ino} ${facts.mtimeMs}`, since: facts.mtimeMs }
      : undefined;
  } catch {
    return undefined;
  }
}

/** No other user can rename or remove what this user has there. */
export function isSafeFolder({ uid, mode }: Pick<Stats, "uid" | "mode">): boolean {
  return (uid === process.getuid?.() || uid === 0) && ((mode & othersWrite) === 0 || (mode & sticky) !== 0);
}
