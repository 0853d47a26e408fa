import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runTests } from "@vscode/test-electron";
import { repositoryRoot } from "../../setup/repository.ts";

/** Runs a suite in a desktop VS Code with fresh data. Resolves to its exit code. */
export async function runInDesktop(
  executable: string,
  testsPath: string,
  env: Readonly<Record<string, string>>,
): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), "ssh-sessions-desktop-"));
  try {
    return await runTests({
      vscodeExecutablePath: executable,
      extensionDevelopmentPath: repositoryRoot,
      extensionTestsPath: testsPath,
      extensionTestsEnv: { ...env, HOME: folder, USERPROFILE: folder },
      launchArgs: [
        join(folder, "workspace"),
        `--user-data-dir=${join(folder, "data")}`,
        `--extensions-dir=${join(folder, "extensions")}`,
        "--disable-workspace-trust",
        "--skip-welcome",
        "--skip-release-notes",
        // Electron refuses to run as root without these.
        ...(process.getuid?.() === 0 ? ["--no-sandbox", "--disable-gpu"] : []),
      ],
    });
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
