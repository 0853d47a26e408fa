import { writeFile } from "node:fs/promises";
import { join } from "node:path";

/**
 * An environment in which the real `ssh` and `ssh-add` get `answer` to every question, without a terminal. Writes a
 * program to `folder`, which must be private.
 */
export async function askpassEnv(folder: string, answer: string): Promise<NodeJS.ProcessEnv> {
  const file = join(folder, "askpass");
  const quoted = `'${answer.replaceAll("'", "'\\''")}'`;
  await writeFile(file, `#!/bin/sh\nprintf '%s\\n' ${quoted}\n`, { mode: 0o700 });
  return { ...process.env, DISPLAY: ":0", SSH_ASKPASS: file, SSH_ASKPASS_REQUIRE: "force" };
}
