import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of package.json. */
export const repositoryRoot: string = fileURLToPath(new URL("../../", import.meta.url));

/**
 * Where downloads are kept between runs. Several checkouts can share one folder by `SSH_SESSIONS_TEST_CACHE`: files
 * appear in it complete or not at all.
 */
export function cacheFolder(): string {
  const override = process.env["SSH_SESSIONS_TEST_CACHE"];
  return override ? resolve(override) : join(repositoryRoot, ".vscode-test");
}
