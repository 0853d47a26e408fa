import { homedir } from "node:os";
import { dirname, isAbsolute, join, relative } from "node:path";
import { FileError } from "../base/fileErrors.ts";
import { type LocalFiles, localFiles } from "../base/localFiles.ts";

/** Where known_hosts files live. */
export interface KnownHostsStorage {
  /**
   * The file as latin1 text, or undefined when there is none.
   * @throws FileError when there is one and it can't be read.
   */
  read(file: string): Promise<string | undefined>;
  /**
   * Adds one line (given without its end) as the last of the file, which is created when missing. After a failure
   * nothing of the line is in the file.
   * @throws FileError
   */
  append(file: string, line: string): Promise<void>;
  /**
   * Puts a new text (latin1) in the place of the old one, whole or not at all; the old one is kept as `file.old`.
   * @throws FileError, also when the file does not hold `before` any more.
   */
  replace(file: string, before: string, after: string): Promise<void>;
}

/** Bytes: some 300,000 hosts. */
const longestFile = 64 * 1024 * 1024;

/** The files on this machine. `home`: whose `.ssh` folder may be created. */
export function createKnownHostsStorage(
  home: string = homedir(),
  files: LocalFiles = localFiles,
): KnownHostsStorage {
  return {
    async read(file) {
      try {
        const { bytes = new Uint8Array(0) } = await files.read(file, longestFile);
        return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
      } catch (error) {
        if (FileError.is(error) && error.reason === "missing") {
          return undefined;
        }
        throw error;
      }
    },
    async append(file, line) {
      const folder = join(home, ".ssh");
      // As OpenSSH: only the user's own .ssh folder is made, never some other missing folder.
      const below = relative(folder, dirname(file));
      await files.append(file, line, below.startsWith("..") || isAbsolute(below) ? undefined : folder);
    },
    async replace(file, before, after) {
      await files.replace(file, Buffer.from(before, "latin1"), Buffer.from(after, "latin1"));
    },
  };
}
