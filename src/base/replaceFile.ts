import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { FileError } from "./fileErrors.ts";
import type { RawFiles } from "./fileJobs.ts";

export interface ReplaceRequest {
  readonly path: string;
  readonly data: Uint8Array;
  /** The current contents of the file. */
  readonly before: Uint8Array;
  /** They become `path.old`, as with `ssh-keygen -R`. */
  readonly keepsOld: boolean;
}

/**
 * Replaces a file completely or not at all: the new contents are written beside it and then renamed. A link stays a
 * link, and the mode is kept. Refuses when another program has changed the file since it was read.
 * @throws FileError
 */
export async function replaceFile(raw: RawFiles, request: ReplaceRequest): Promise<undefined> {
  const path = await raw.realpath(request.path);
  const { mode } = await raw.stat(path);
  const [fresh, backup] = [0, 1].map(() => `${path}.${randomBytes(6).toString("hex")}`);
  const made: string[] = [];
  try {
    for (const [name = "", data] of [
      ...(request.keepsOld ? ([[backup, request.before]] as const) : []),
      [fresh, request.data] as const,
    ]) {
      made.push(name);
      await writeNew(raw, name, data, mode & 0o777);
    }
    await requireUnchanged(raw, path, request.before);
    if (request.keepsOld) {
      await raw.rename(backup ?? "", `${path}.old`);
    }
    await raw.rename(fresh ?? "", path);
  } catch (error) {
    for (const name of made) {
      // The temporary file may not exist, or may already have its final name.
      await raw.unlink(name).catch(() => {});
    }
    throw error;
  }
}

async function writeNew(raw: RawFiles, path: string, data: Uint8Array, mode: number): Promise<void> {
  const fd = await raw.open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, mode);
  try {
    for (let written = 0; written < data.length; ) {
      const count = await raw.write(fd, data.subarray(written));
      if (count === 0) {
        throw new FileError("failed", path, `only ${written} of ${data.length} bytes could be written`);
      }
      written += count;
    }
  } finally {
    await raw.close(fd);
  }
}

async function requireUnchanged(raw: RawFiles, path: string, before: Uint8Array): Promise<void> {
  const now = new Uint8Array(before.length + 1);
  const fd = await raw.open(path, constants.O_RDONLY);
  let length = 0;
  try {
    for (;;) {
      const count = length < now.length ? await raw.read(fd, now, length, null) : 0;
      if (count === 0) {
        break;
      }
      length += count;
    }
  } finally {
    await raw.close(fd);
  }
  if (length !== before.length || Buffer.compare(now.subarray(0, length), before) !== 0) {
    throw new FileError("failed", path, "another program has changed it meanwhile");
  }
}
