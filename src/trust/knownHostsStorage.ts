import { constants } from "node:fs";
import { mkdir, open, readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, isAbsolute, join, relative } from "node:path";

/** Where known_hosts files live. */
export interface KnownHostsStorage {
  /**
   * The file as latin1 text, or undefined when there is none.
   * @throws what the file system says, when there is one and it can't be read.
   */
  read(file: string): Promise<string | undefined>;
  /** Adds one line (given without its end) as the last of the file, which is created when missing. */
  append(file: string, line: string): Promise<void>;
}

/** The files on this machine. `home`: whose `.ssh` folder may be created. */
export function createKnownHostsStorage(home: string = homedir()): KnownHostsStorage {
  return {
    async read(file) {
      try {
        return await readFile(file, "latin1");
      } catch (error) {
        if (isMissing(error)) {
          return undefined;
        }
        throw error;
      }
    },
    async append(file, line) {
      const folder = join(home, ".ssh");
      // As OpenSSH: only the user's own .ssh folder is made, never some other missing folder.
      const below = relative(folder, dirname(file));
      if (!below.startsWith("..") && !isAbsolute(below)) {
        await mkdir(folder, { mode: 0o700, recursive: true });
      }
      // O_APPEND and one write: lines of several windows never mix.
      const handle = await open(file, constants.O_RDWR | constants.O_APPEND | constants.O_CREAT, 0o600);
      try {
        const { size } = await handle.stat();
        const last = Buffer.alloc(1);
        const cut = size > 0 && (await handle.read(last, 0, 1, size - 1)).bytesRead === 1 && last[0] !== 0x0a;
        const data = Buffer.from(`${cut ? "\n" : ""}${line}\n`, "utf8");
        const { bytesWritten } = await handle.write(data);
        if (bytesWritten !== data.length) {
          throw new Error(`Only ${bytesWritten} of ${data.length} bytes were written`);
        }
      } finally {
        await handle.close();
      }
    },
  };
}

function isMissing(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return code === "ENOENT" || code === "ENOTDIR";
}
