import * as fs from "node:fs";
import type { FolderNames, RawFiles } from "./fileJobs.ts";

/** System calls on a thread of libuv's pool, which all extensions of the host share. */
export const poolFiles: RawFiles = {
  stat: (path) => settle((done) => fs.stat(path, done)),
  fileSystem: (path) => settle<fs.StatsFs>((done) => fs.statfs(path, done)).then(({ type }) => type),
  open: (path, flags, mode) => settle((done) => fs.open(path, flags, mode ?? 0o600, done)),
  fstat: (fd) => settle((done) => fs.fstat(fd, done)),
  read: (fd, into, offset, position) =>
    settle((done) => fs.read(fd, into, offset, into.length - offset, position, done)),
  write: (fd, data) => settle((done) => fs.write(fd, data, done)),
  truncate: (fd, length) => settle((done) => fs.ftruncate(fd, length, (error) => done(error, undefined))),
  close: (fd) => settle((done) => fs.close(fd, (error) => done(error ?? null, undefined))),
  mkdir: (path, mode) => settle((done) => fs.mkdir(path, mode, (error) => done(error, undefined))),
  realpath: (path) => settle((done) => fs.realpath.native(path, done)),
  rename: (from, to) => settle((done) => fs.rename(from, to, (error) => done(error, undefined))),
  unlink: (path) => settle((done) => fs.unlink(path, (error) => done(error, undefined))),
  async list(path, limit) {
    const names: string[] = [];
    const folder = await fs.promises.opendir(path, { bufferSize: 1024 });
    for await (const { name } of folder) {
      if (names.length === limit) {
        return { names, isCut: true };
      }
      names.push(name);
    }
    return { names, isCut: false };
  },
  sleep,
};

/** The same calls on the calling thread, which they block: for a worker thread. */
export const blockingFiles: RawFiles = {
  stat: async (path) => fs.statSync(path),
  fileSystem: async (path) => fs.statfsSync(path).type,
  open: async (path, flags, mode) => fs.openSync(path, flags, mode ?? 0o600),
  fstat: async (fd) => fs.fstatSync(fd),
  read: async (fd, into, offset, position) => fs.readSync(fd, into, offset, into.length - offset, position),
  write: async (fd, data) => fs.writeSync(fd, data),
  truncate: async (fd, length) => fs.ftruncateSync(fd, length),
  close: async (fd) => fs.closeSync(fd),
  mkdir: async (path, mode) => {
    fs.mkdirSync(path, mode);
  },
  realpath: async (path) => fs.realpathSync.native(path),
  rename: async (from, to) => fs.renameSync(from, to),
  unlink: async (path) => fs.unlinkSync(path),
  list: async (path, limit) => listBlocking(path, limit),
  sleep,
};

/** Calls `onStep` after each call that has returned. */
export function reporting(raw: RawFiles, onStep: () => void): RawFiles {
  const report = <A extends readonly unknown[], R>(call: (...args: A) => Promise<R>) => {
    return (...args: A): Promise<R> => call(...args).finally(onStep);
  };
  return {
    stat: report(raw.stat),
    fileSystem: report(raw.fileSystem),
    open: report(raw.open),
    fstat: report(raw.fstat),
    read: report(raw.read),
    write: report(raw.write),
    truncate: report(raw.truncate),
    close: report(raw.close),
    mkdir: report(raw.mkdir),
    realpath: report(raw.realpath),
    rename: report(raw.rename),
    unlink: report(raw.unlink),
    list: report(raw.list),
    sleep: report(raw.sleep),
  };
}

function listBlocking(path: string, limit: number): FolderNames {
  const names: string[] = [];
  const folder = fs.opendirSync(path, { bufferSize: 1024 });
  try {
    for (let entry = folder.readSync(); entry !== null; entry = folder.readSync()) {
      if (names.length === limit) {
        return { names, isCut: true };
      }
      names.push(entry.name);
    }
    return { names, isCut: false };
  } finally {
    folder.closeSync();
  }
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });
}

function settle<T>(start: (done: (error: Error | null, value: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    start((error, value) => (error === null ? resolve(value) : reject(error)));
  });
}
