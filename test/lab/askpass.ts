import { writeFile } from "node:fs/promises";
import { join } from "node:path";

/**
 * Writes a program that answers every question of the real `ssh` with `answer`: name it in SSH_ASKPASS, with
 * SSH_ASKPASS_REQUIRE=force and any DISPLAY. Lies in `folder`, which must be private.
 */
export async function askpass(folder: string, answer: string): Promise<string> {
  const file = join(folder, "askpass");
  const quoted = `'${answer.replaceAll("'", "'\\''")}'`;
  await writeFile(file, `#!/bin/sh\nprintf '%s\\n' ${quoted}\n`, { mode: 0o700 });
  return file;
}
