import { randomBytes } from "node:crypto";
import { link, lstat, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { ShareError } from "../shareErrors.ts";
import { hasErrorCode, temporaryName } from "../socketFolder.ts";

const length = 32;

export const secretFileName = "secret";

/**
 * What the windows of one user know and nobody else. Made by the first window: written aside and then linked, which
 * fails where there is one already, so that windows that start at once agree and none reads a part of it.
 * @throws ShareError, or the file system's error
 */
export async function userSecret(folder: string): Promise<Buffer> {
  const path = join(folder, secretFileName);
  const before = await read(path);
  if (before !== undefined) {
    return before;
  }
  const aside = join(folder, temporaryName());
  try {
    const file = await open(aside, "wx", 0o600);
    try {
      await file.writeFile(randomBytes(length));
      // Otherwise a loss of power may leave zeros.
      await file.sync();
    } finally {
      await file.close();
    }
    await link(aside, path).catch((error: unknown) => {
      if (!hasErrorCode(error, "EEXIST")) {
        throw error;
      }
    });
  } finally {
    // On Windows it may be open in a virus scanner. What stays is removed later.
    await rm(aside, { force: true }).catch(() => {});
  }
  const made = await read(path);
  if (made === undefined) {
    throw damaged(path, "it was removed");
  }
  return made;
}

/** Undefined: there is none. */
async function read(path: string): Promise<Buffer | undefined> {
  try {
    if (!(await lstat(path)).isFile()) {
      throw damaged(path, "it is no file");
    }
    const file = await open(path, "r");
    try {
      const bytes = Buffer.alloc(length + 1);
      const { bytesRead } = await file.read(bytes, 0, bytes.length, 0);
      const secret = bytes.subarray(0, length);
      if (bytesRead !== length || secret.every((byte) => byte === 0)) {
        throw damaged(path, "it is damaged. Close all windows and delete it");
      }
      return secret;
    } finally {
      await file.close();
    }
  } catch (error) {
    if (hasErrorCode(error, "ENOENT")) {
      return undefined;
    }
    throw ShareError.is(error) ? error : damaged(path, "it can't be read", error);
  }
}

function damaged(path: string, what: string, cause?: unknown): ShareError {
  return new ShareError("no-secret", `The file with this user's secret, ${path}, can't be used: ${what}`, {
    cause,
  });
}
