import { constants } from "node:fs";
import { dirname } from "node:path";
import { asFileError, FileError } from "./fileErrors.ts";
import { type LockAnswer, type LockRequest, tryLock } from "./lockFile.ts";
import { type ReplaceRequest, replaceFile } from "./replaceFile.ts";

/** One task for the file system. All of its fields can be posted to a worker thread. */
export type FileJob =
  | { readonly kind: "stat"; readonly path: string }
  | {
      readonly kind: "read";
      readonly path: string;
      /** In bytes; a longer file is refused with `too-large`. */
      readonly limit: number;
      /** Reads nothing when the file still has this stamp. */
      readonly unless?: string;
      /** A named pipe is read when a program writes to it, as `ssh` reads a key from one. */
      readonly pipes?: boolean;
    }
  | { readonly kind: "list"; readonly path: string; readonly limit: number }
  | {
      readonly kind: "append";
      readonly path: string;
      readonly line: string;
      /** The lines of this file end with CR LF. */
      readonly crlf?: boolean;
      /** The folder to create, with mode 0700, when it is missing and the file belongs in it. */
      readonly folder?: string;
    }
  | ({ readonly kind: "replace" } & ReplaceRequest)
  | ({ readonly kind: "lock" } & LockRequest)
  /** `path`: the lock file. */
  | { readonly kind: "unlock"; readonly path: string };

export type FileKind = "file" | "folder" | "null" | "pipe" | "special";

/** The results of stat(2) that are needed here. */
export interface FileFacts {
  readonly kind: FileKind;
  readonly uid: number;
  readonly mode: number;
  readonly size: number;
  /** Changes when the file, or the list of names in a folder, changes. */
  readonly stamp: string;
  /** For a folder on Linux: a server or a program provides its file system, which may hang at any time. */
  readonly mayHang?: boolean;
}

export interface FileContents {
  readonly facts: FileFacts;
  /** Undefined: the file has the stamp that was passed. */
  readonly bytes: Uint8Array | undefined;
}

export interface FolderNames {
  readonly names: readonly string[];
  /** There are more names than the limit. */
  readonly isCut: boolean;
}

export interface FileAnswers {
  readonly stat: FileFacts;
  readonly read: FileContents;
  readonly list: FolderNames;
  readonly append: undefined;
  readonly replace: undefined;
  readonly lock: LockAnswer;
  readonly unlock: undefined;
}

/** stat(2) results as node:fs returns them. */
export interface RawStats {
  readonly uid: number;
  readonly mode: number;
  readonly size: number;
  readonly rdev: number;
  readonly ino: number;
  readonly mtimeMs: number;
  readonly ctimeMs: number;
  isFile(): boolean;
  isDirectory(): boolean;
  isFIFO(): boolean;
  isCharacterDevice(): boolean;
}

/** The system calls that the jobs are made of. Each occupies at most one thread until it returns. */
export interface RawFiles {
  stat(path: string): Promise<RawStats>;
  /** The type of the file system, from statfs(2). */
  fileSystem(path: string): Promise<number>;
  open(path: string, flags: number, mode?: number): Promise<number>;
  fstat(fd: number): Promise<RawStats>;
  /** Reads from the file's current position when `position` is null. */
  read(fd: number, into: Uint8Array, offset: number, position: number | null): Promise<number>;
  write(fd: number, data: Uint8Array): Promise<number>;
  truncate(fd: number, length: number): Promise<void>;
  close(fd: number): Promise<void>;
  mkdir(path: string, mode: number): Promise<void>;
  realpath(path: string): Promise<string>;
  rename(from: string, to: string): Promise<void>;
  unlink(path: string): Promise<void>;
  list(path: string, limit: number): Promise<FolderNames>;
  sleep(milliseconds: number): Promise<void>;
}

/** Windows has neither flag. */
const nonBlocking = (constants.O_NONBLOCK ?? 0) | (constants.O_NOCTTY ?? 0);
const chunkLength = 1024 * 1024;
/** How long a reader waits for data from a pipe. */
const pipePatienceMilliseconds = 1000;
/** A program that waits for a reader opens its end only once ours is open. */
const writerPatienceMilliseconds = 100;
const pipePollMilliseconds = 20;

/** @throws FileError */
export async function runFileJob<K extends FileJob["kind"]>(
  raw: RawFiles,
  job: FileJob & { readonly kind: K },
): Promise<FileAnswers[K]>;
export async function runFileJob(raw: RawFiles, job: FileJob): Promise<FileAnswers[FileJob["kind"]]> {
  try {
    switch (job.kind) {
      case "stat":
        return await factsOf(raw, job.path);
      case "read":
        return await readFile(raw, job);
      case "list":
        return await raw.list(job.path, job.limit);
      case "append":
        return await append(raw, job);
      case "replace":
        return await replaceFile(raw, job);
      case "lock":
        return await lockFile(raw, job);
      case "unlock":
        await raw.unlink(job.path);
        return;
    }
  } catch (error) {
    throw asFileError(job.path, error);
  }
}

/** Recognizes the null device by name, without the file system. Windows' `ssh` knows `/dev/null` too. */
function isNullDevice(path: string): boolean {
  return path === "/dev/null" || (process.platform === "win32" && /^(?:\\\\\.\\)?nul$/i.test(path));
}

const nullFacts: FileFacts = { kind: "null", uid: 0, mode: 0o666, size: 0, stamp: "null" };

/** statfs(2): 9P, AFS, AUTOFS, CEPH, CIFS, CODA, FUSE, NCP, NFS, SMB and SMB2. */
const hangingFileSystems: ReadonlySet<number> = new Set([
  ...[0x01021997, 0x5346414f, 0x0187, 0x00c36400, 0xff534d42, 0x73757245],
  ...[0x65735546, 0x564c, 0x6969, 0x517b, 0xfe534d42],
]);

async function factsOf(raw: RawFiles, path: string): Promise<FileFacts> {
  if (isNullDevice(path)) {
    return nullFacts;
  }
  const facts = await toFacts(raw, await raw.stat(path));
  return facts.kind === "folder" && process.platform === "linux"
    ? { ...facts, mayHang: hangingFileSystems.has(await raw.fileSystem(path)) }
    : facts;
}

async function toFacts(raw: RawFiles, stats: RawStats): Promise<FileFacts> {
  const kind = await kindOf(raw, stats);
  const { uid, mode, size, mtimeMs, ctimeMs, ino } = stats;
  return kind === "null"
    ? nullFacts
    : { kind, uid, mode, size, stamp: [mtimeMs, ctimeMs, size, ino].join(":") };
}

async function kindOf(raw: RawFiles, stats: RawStats): Promise<FileKind> {
  if (stats.isFile()) {
    return "file";
  }
  if (stats.isDirectory()) {
    return "folder";
  }
  if (stats.isFIFO()) {
    return "pipe";
  }
  if (stats.isCharacterDevice() && process.platform !== "win32") {
    const nullDevice = await raw.stat("/dev/null").catch(() => undefined);
    return nullDevice?.isCharacterDevice() === true && nullDevice.rdev === stats.rdev ? "null" : "special";
  }
  return "special";
}

async function readFile(raw: RawFiles, job: FileJob & { kind: "read" }): Promise<FileContents> {
  const { path, limit, unless } = job;
  // Check before open(2), because opening a device can already do harm.
  const before = await factsOf(raw, path);
  if (before.stamp === unless) {
    return { facts: before, bytes: undefined };
  }
  switch (before.kind) {
    case "null":
      return { facts: before, bytes: new Uint8Array(0) };
    case "folder":
      throw new FileError("not-a-file", path, "it is a folder");
    case "special":
      throw new FileError("not-a-file", path, "it is a device or a socket, not a regular file");
    case "pipe":
      if (job.pipes !== true || !(await isNamed(raw, path))) {
        throw new FileError("not-a-file", path, "it is a pipe, not a regular file");
      }
      break;
    case "file":
      if (before.size > limit) {
        throw tooLarge(path, limit);
      }
  }
  // If another program replaces the file with a pipe or device now, reading does not block, and it stops at the
  // limit.
  const fd = await raw.open(path, constants.O_RDONLY | nonBlocking);
  try {
    const bytes =
      before.kind === "pipe"
        ? await readPipe(raw, fd, path, limit)
        : await readRegular(raw, fd, path, before.size, limit);
    return { facts: before, bytes };
  } finally {
    await raw.close(fd);
  }
}

/** A pipe below /dev/fd or /proc belongs to this process, and its data is not for us. */
async function isNamed(raw: RawFiles, path: string): Promise<boolean> {
  return raw.realpath(path).then(
    () => true,
    () => false,
  );
}

/** Files in /proc report size 0: read them until no more data comes. */
async function readRegular(
  raw: RawFiles,
  fd: number,
  path: string,
  size: number,
  limit: number,
): Promise<Uint8Array> {
  let bytes = new Uint8Array(Math.min(Math.max(size + 1, 4096), limit + 1));
  let length = 0;
  for (;;) {
    if (length === bytes.length) {
      if (length > limit) {
        throw tooLarge(path, limit);
      }
      const larger = new Uint8Array(Math.min(bytes.length * 2, limit + 1));
      larger.set(bytes);
      bytes = larger;
    }
    const part = bytes.subarray(0, Math.min(bytes.length, length + chunkLength));
    const count = await raw.read(fd, part, length, null);
    if (count === 0) {
      return bytes.subarray(0, length);
    }
    length += count;
    if (length === size) {
      return bytes.subarray(0, length);
    }
  }
}

async function readPipe(raw: RawFiles, fd: number, path: string, limit: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(limit + 1);
  let length = 0;
  let waited = 0;
  while (length <= limit) {
    const count = await raw.read(fd, bytes, length, null).catch((error: unknown) => {
      if (error instanceof Error && "code" in error && error.code === "EAGAIN") {
        return undefined;
      }
      throw error;
    });
    if (count === 0 && length > 0) {
      return bytes.slice(0, length);
    }
    if (count === 0 && waited >= writerPatienceMilliseconds) {
      throw new FileError("not-a-file", path, "it is a pipe to which no program writes");
    }
    if (waited >= pipePatienceMilliseconds) {
      throw new FileError("not-a-file", path, "it is a pipe, and its writer does not end in time");
    }
    if (count === undefined || count === 0) {
      waited += pipePollMilliseconds;
      await raw.sleep(pipePollMilliseconds);
    }
    length += count ?? 0;
  }
  throw tooLarge(path, limit);
}

function tooLarge(path: string, limit: number): FileError {
  const megabyte = 1024 * 1024;
  const size = limit < megabyte ? `${limit} bytes` : `${Math.floor(limit / megabyte)} MB`;
  return new FileError("too-large", path, `it is longer than ${size}`);
}

async function lockFile(raw: RawFiles, { path, folder }: LockRequest): Promise<LockAnswer> {
  if (isNullDevice(path)) {
    return { kind: "none" };
  }
  if (folder !== undefined) {
    await makeFolders(raw, folder);
  }
  return await tryLock(raw, path);
}

/** Adds one line. If the write fails, the file keeps its old contents. */
async function append(raw: RawFiles, job: FileJob & { kind: "append" }): Promise<undefined> {
  const { path, line, folder, crlf = false } = job;
  const end = crlf ? "\r\n" : "\n";
  const before = await factsOf(raw, path).catch((error: unknown) => {
    const known = asFileError(path, error);
    if (known.reason === "missing") {
      return undefined;
    }
    throw known;
  });
  if (before?.kind === "null") {
    return;
  }
  if (before !== undefined && before.kind !== "file") {
    throw new FileError("not-a-file", path, "it is not a regular file");
  }
  if (before === undefined && folder !== undefined) {
    await makeFolders(raw, folder);
  }
  // O_APPEND and a single write: lines of several programs never mix.
  const flags = constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | nonBlocking;
  let isNew = before === undefined;
  const fd = await raw.open(path, isNew ? flags | constants.O_EXCL : flags, 0o600).catch((error: unknown) => {
    if (!isNew || asFileError(path, error).code !== "EEXIST") {
      throw error;
    }
    // Another program has made it meanwhile.
    isNew = false;
    return raw.open(path, flags, 0o600);
  });
  try {
    const stats = await raw.fstat(fd);
    if (!stats.isFile()) {
      throw new FileError("not-a-file", path, "it is not a regular file");
    }
    const last = new Uint8Array(1);
    const isCut = stats.size > 0 && (await raw.read(fd, last, 0, stats.size - 1)) === 1 && last[0] !== 0x0a;
    const data = Buffer.from(`${isCut ? end : ""}${line}${end}`, "utf8");
    const written = await raw.write(fd, data);
    if (written !== data.length) {
      // The disk is full. Half a line would name the host with a damaged key. Keep what another program appended
      // meanwhile.
      if ((await raw.fstat(fd)).size === stats.size + written) {
        await raw.truncate(fd, stats.size);
      }
      throw new FileError("failed", path, `only ${written} of ${data.length} bytes could be written`);
    }
  } catch (error) {
    if (isNew && (await raw.fstat(fd)).size === 0) {
      await raw.unlink(path).catch(() => {});
    }
    throw error;
  } finally {
    await raw.close(fd);
  }
}

async function makeFolders(raw: RawFiles, folder: string): Promise<void> {
  try {
    await raw.mkdir(folder, 0o700);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT" && dirname(folder) !== folder) {
      await makeFolders(raw, dirname(folder));
      await raw.mkdir(folder, 0o700);
    } else if (code !== "EEXIST") {
      throw error;
    }
  }
}
