import { dirname, isAbsolute, join, relative } from "node:path";
import { FileError } from "../base/fileErrors.ts";
import { type LocalFiles, localFiles } from "../base/localFiles.ts";
import { exclusively } from "../base/lockFile.ts";
import { configEnvironment } from "../config/configEnvironment.ts";

/** Reads and writes known_hosts files. */
export interface KnownHostsStorage {
  /**
   * The file as latin1 text, or undefined when it does not exist.
   * @throws FileError when it exists and can't be read.
   */
  read(file: string): Promise<string | undefined>;
  /** As `read`, but the bytes: of a large file they cost the event loop nothing. */
  readBytes(file: string): Promise<Uint8Array | undefined>;
  /**
   * Adds one line (given without its end) at the end of the file, which is created when missing. After a failure, no
   * part of the line is in the file.
   * @throws FileError
   */
  append(file: string, line: string): Promise<void>;
  /**
   * Replaces the old text with a new one (latin1), completely or not at all; the old text is kept as `file.old`.
   * @throws FileError, also when the file no longer holds `before`.
   */
  replace(file: string, before: string, after: string): Promise<void>;
  /**
   * Runs `work` while no other window of this extension changes the file. Earlier data may be outdated, so it must
   * read the file again. Must not be nested for the same file.
   */
  exclusively<T>(file: string, work: () => Promise<T>): Promise<T>;
}

/** In bytes: some 300,000 hosts. */
const longestFile = 64 * 1024 * 1024;

/**
 * The files of this machine.
 * @param home whose `.ssh` folder may be created. By default what `~` in ssh_config means: the home folder of the account
 *   database, which $HOME may differ from.
 */
export function createKnownHostsStorage(
  home: string = configEnvironment().homedir,
  files: Pick<LocalFiles, "read" | "append" | "replace" | "lock" | "unlock"> = localFiles,
): KnownHostsStorage {
  const readBytes = async (file: string): Promise<Uint8Array | undefined> => {
    try {
      return (await files.read(file, longestFile)).bytes ?? new Uint8Array(0);
    } catch (error) {
      if (FileError.is(error) && error.reason === "missing") {
        return undefined;
      }
      throw error;
    }
  };
  const folderOf = (file: string): string | undefined => {
    const folder = join(home, ".ssh");
    // As in OpenSSH, only the user's own .ssh folder is created.
    const below = relative(folder, dirname(file));
    return below.startsWith("..") || isAbsolute(below) ? undefined : folder;
  };
  return {
    readBytes,
    async read(file) {
      const bytes = await readBytes(file);
      return bytes && Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
    },
    async append(file, line) {
      await files.append(file, line, folderOf(file));
    },
    async replace(file, before, after) {
      await files.replace(file, Buffer.from(before, "latin1"), Buffer.from(after, "latin1"));
    },
    exclusively(file, work) {
      const folder = folderOf(file);
      return exclusively(files, { path: file, ...(folder !== undefined && { folder }) }, work);
    },
  };
}
