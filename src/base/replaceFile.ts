import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { FileError } from "./fileErrors.ts";
import type { RawFiles } from "./fileJobs.ts";

export interface ReplaceRequest {
  readonly path: string;
  readonly data: Uint8Array;
  /** What the file holds now. It becomes `path.old`, as `ssh-keygen -R` keeps it. */
  readonly before: Uint8Array;
}

/**
 * Puts new contents in the place of a file, whole or not at all: they are written beside it, and take its name. A link
 * stays a link, and the mode stays. Refuses when another program has changed the file since it was read.
 * @throws FileError
 */
export async function replaceFile(raw: RawFiles, request: ReplaceRequest): Promise<undefined> {
  const path = await raw.realpath(request.path);
  const { mode } = await raw.stat(path);
  const [fresh, backup] = [0, 1].map(() => `${path}.${randomBytes(6).toString("hex")}`);
  const made: string[] = [];
  try {
    for (const [name = "", data] of [
      [backup, request.before],
      [fresh, request.data],
    ] as const) {
      made.push(name);
      await writeNew(raw, name, data, mode & 0o777);
    }
    await requireUnchanged(raw, path, request.before);
    await raw.rename(backup ?? "", `${path}.old`);
    await raw.rename(fresh ?? "", path);
  } catch (error) {
    for (const name of made) {
      // It may not have come about, or have its final name already.
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
