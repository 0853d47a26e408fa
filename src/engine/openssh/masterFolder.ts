import { createHash, randomBytes } from "node:crypto";
import { lstat, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isRunning } from "../../base/isRunning.ts";
import { fieldOf } from "../../base/jsonFields.ts";
import { ConnectError } from "../engineErrors.ts";
import { findUsersSocket } from "./usersSocket.ts";

/** The files of one master. */
export interface MasterFiles {
  readonly socket: string;
  /** The socket is at the user's ControlPath; the other files are in our folder. Absent: it is in our folder, too. */
  readonly place?: SocketPlace;
  readonly log: string;
  /** The result of the login, as JSON, for a window that takes the master over. */
  readonly info: string;
  /** Its name contains the process id of the window that owns the master. */
  readonly owner: string;
}

/** Where a socket is whose folder is not ours. */
export interface SocketPlace {
  /** The file in our folder that names the place for the next window, as JSON. */
  readonly record: string;
  /** See `UsersSocket`. Undefined: not known yet. */
  readonly identity?: string;
}

/**
 * The longest path that still fits a socket address, with the 17 characters that `ssh` appends while it binds and
 * macOS's limit of 104.
 */
const longestPath = 86;

/**
 * The folder of this user's masters, which no other user can enter. All windows use the same one, so that a reloaded
 * window finds its connections again.
 * @throws ConnectError `local`
 */
export async function masterFolder(): Promise<string> {
  const uid = process.getuid?.() ?? 0;
  const bases = [process.env["XDG_RUNTIME_DIR"], tmpdir(), "/tmp"];
  for (const base of bases.filter((each) => each !== undefined)) {
    const folder = join(base, `ssh-sessions-${uid}`);
    if (base.startsWith("/") && masterFiles(folder, "x".repeat(20)).socket.length <= longestPath) {
      if (await isOurs(folder, uid)) {
        return folder;
      }
    }
  }
  throw new ConnectError("local", "No folder for the socket of ssh is accessible to this user only");
}

/**
 * The same folder, without the sockets for forwards of processes that have ended.
 * @throws ConnectError `local`
 */
export async function ridingFolder(): Promise<string> {
  const folder = await masterFolder();
  for (const entry of await readdir(folder).catch(() => [])) {
    const [, pid] = /^forward-(\d+)-[0-9a-f]+$/.exec(entry) ?? [];
    if (pid !== undefined && isGone(Number(pid))) {
      await rm(join(folder, entry), { force: true }).catch(() => {});
    }
  }
  return folder;
}

/** Another user may have created it first if everyone can write to the parent folder. */
async function isOurs(folder: string, uid: number): Promise<boolean> {
  try {
    await mkdir(folder, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") {
        throw error;
      }
    });
    const facts = await lstat(folder);
    return facts.isDirectory() && facts.uid === uid && (facts.mode & 0o077) === 0;
  } catch {
    return false;
  }
}

const ownerPattern = /^([0-9a-f]{12}-[0-9a-f]{6})\.(\d+)\.owner$/;

function masterFiles(folder: string, name: string): MasterFiles {
  const path = join(folder, name);
  return { socket: path, log: `${path}.log`, info: `${path}.json`, owner: `${path}.${process.pid}.owner` };
}

function hashOf(destination: string): string {
  return createHash("sha256").update(destination).digest("hex").slice(0, 12);
}

/**
 * Creates the files for a new master of this destination, marked as owned by this window.
 * @param controlPath where its socket will be. Absent: in our folder
 */
export async function newMasterFiles(
  folder: string,
  destination: string,
  controlPath?: string,
): Promise<MasterFiles> {
  const files = masterFiles(folder, `${hashOf(destination)}-${randomBytes(3).toString("hex")}`);
  await writeFile(files.owner, "", { mode: 0o600 });
  return controlPath === undefined
    ? files
    : { ...files, socket: controlPath, place: { record: recordOf(files) } };
}

function recordOf({ socket }: MasterFiles): string {
  return `${socket}.at`;
}

/**
 * The master at the user's ControlPath has bound its socket: notes it for other windows.
 * @throws ConnectError `openssh-failed`
 */
export async function placeMaster(files: MasterFiles): Promise<MasterFiles> {
  const { socket, place } = files;
  if (place === undefined) {
    return files;
  }
  const found = await findUsersSocket(socket);
  if (found === undefined) {
    throw new ConnectError("openssh-failed", "The socket of ssh is not at ControlPath");
  }
  const { identity } = found;
  await writeFile(place.record, JSON.stringify({ socket, identity }), { mode: 0o600 }).catch(() => {});
  return { ...files, place: { ...place, identity } };
}

/** The files with the place that was noted for them. */
async function withPlace(files: MasterFiles): Promise<MasterFiles> {
  const record = recordOf(files);
  const noted = await readJson(record);
  const [socket, identity] = [fieldOf(noted, "socket"), fieldOf(noted, "identity")];
  return typeof socket === "string" && typeof identity === "string"
    ? { ...files, socket, place: { record, identity } }
    : files;
}

/** Whether its socket is there, and is the one that it bound. */
async function isThere({ socket, place }: MasterFiles): Promise<boolean> {
  return place === undefined
    ? await exists(socket)
    : place.identity !== undefined && (await findUsersSocket(socket))?.identity === place.identity;
}

/**
 * Whether one of our windows made the master at this path. `left`: that window has ended, so another one can take it
 * over. Never rejects.
 */
export async function ourMasterAt(path: string): Promise<"held" | "left" | undefined> {
  const folder = await masterFolder().catch(() => undefined);
  const entries = folder === undefined ? [] : await readdir(folder).catch(() => []);
  for (const entry of entries) {
    const [, name, pid] = ownerPattern.exec(entry) ?? [];
    if (folder !== undefined && name !== undefined && entries.includes(`${name}.at`)) {
      const files = await withPlace(masterFiles(folder, name));
      if (files.socket === path && (await isThere(files))) {
        return isGone(Number(pid)) ? "left" : "held";
      }
    }
  }
  return undefined;
}

/**
 * Takes over the masters of this destination whose window has ended; each goes to one window only. Removes the files
 * of masters that have ended.
 */
export async function abandonedMasters(folder: string, destination: string): Promise<readonly MasterFiles[]> {
  const hash = hashOf(destination);
  const taken: MasterFiles[] = [];
  for (const entry of await readdir(folder).catch(() => [])) {
    const [, name, pid] = ownerPattern.exec(entry) ?? [];
    if (name === undefined || !isGone(Number(pid))) {
      continue;
    }
    const files = await withPlace(masterFiles(folder, name));
    const owner = join(folder, entry);
    if (!(await isThere(files))) {
      await removeMasterFiles({ ...files, owner });
    } else if (name.startsWith(`${hash}-`) && (await succeeds(rename(owner, files.owner)))) {
      taken.push(files);
    }
  }
  return taken;
}

/** Keeps the master for its ControlPersist, so that the next window can take it over. Never rejects. */
export async function releaseMaster(files: MasterFiles): Promise<void> {
  await succeeds(rename(files.owner, files.owner.replace(/\.\d+\.owner$/, ".0.owner")));
}

function exists(path: string): Promise<boolean> {
  return succeeds(lstat(path));
}

function succeeds(work: Promise<unknown>): Promise<boolean> {
  return work.then(
    () => true,
    () => false,
  );
}

/** Process id 0 means that the window has released its master. */
function isGone(pid: number): boolean {
  return pid === 0 || !isRunning(pid);
}

/** A socket at the user's ControlPath is removed only if it is the one that the master bound. Never rejects. */
export async function removeMasterFiles(files: MasterFiles): Promise<void> {
  const { socket, place, log, info, owner } = files;
  const hasSocket = place === undefined || (await isThere(files));
  for (const path of [...(hasSocket ? [socket] : []), ...(place ? [place.record] : []), log, info, owner]) {
    await rm(path, { force: true }).catch(() => {});
  }
}

export async function readMasterInfo(files: MasterFiles): Promise<unknown> {
  return await readJson(files.info);
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, "utf8"));
  } catch {
    return undefined;
  }
}
