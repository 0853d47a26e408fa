import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { delimiter, isAbsolute, join } from "node:path";

/** The first of these programs that exists: absolute paths as they are, names in PATH and the folders of daemons. */
export async function findProgram(...candidates: readonly string[]): Promise<string | undefined> {
  // Daemons such as sshd live in sbin folders, which are often not in a user's PATH.
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/usr/local/sbin", "/sbin"];
  for (const candidate of candidates) {
    const paths = isAbsolute(candidate) ? [candidate] : folders.map((folder) => join(folder, candidate));
    for (const path of paths) {
      const usable = await access(path, constants.X_OK).then(
        () => true,
        () => false,
      );
      if (usable) {
        return path;
      }
    }
  }
  return undefined;
}
