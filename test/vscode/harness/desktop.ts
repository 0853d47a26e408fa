import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { downloadAndUnzipVSCode } from "@vscode/test-electron";
import { cacheFolder, repositoryRoot } from "../../setup/repository.ts";
import { cleanEnvironment } from "./cleanEnvironment.ts";
import { spawnGroup } from "./processGroup.ts";
import { quietExtension, quietSettings } from "./quietSettings.ts";

export interface DesktopOptions {
  /** CommonJS file that exports `run()`: executed in the extension host; then the window closes. */
  readonly testsPath?: string;
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
}

/** A window of a desktop VS Code. */
export interface Desktop {
  /** Resolves to its exit code when the window has closed: with `testsPath`, 0 if the tests passed. */
  readonly closed: Promise<number>;
  close(): Promise<void>;
}

/**
 * Opens a desktop VS Code with fresh data and the extension: the one in `VSCODE_EXECUTABLE`, otherwise a download.
 * Rejects if there is none and it can't be downloaded.
 */
export async function openDesktop(options: DesktopOptions = {}): Promise<Desktop> {
  const executable =
    process.env["VSCODE_EXECUTABLE"] ?? (await downloadAndUnzipVSCode({ cachePath: cacheFolder() }));
  const folder = await mkdtemp(join(tmpdir(), "ssh-sessions-desktop-"));
  const home = join(folder, "home");
  const workspace = join(folder, "workspace");
  const userFolder = join(folder, "data", "User");
  for (const path of [home, workspace, userFolder]) {
    await mkdir(path, { recursive: true, mode: 0o700 });
  }
  const quiet = options.testsPath === undefined ? {} : quietExtension;
  const settings = { ...quietSettings, ...quiet, ...options.settings };
  await writeFile(join(userFolder, "settings.json"), JSON.stringify(settings, undefined, 2));
  const group = spawnGroup(
    executable,
    [
      workspace,
      `--extensionDevelopmentPath=${repositoryRoot}`,
      ...(options.testsPath === undefined ? [] : [`--extensionTestsPath=${options.testsPath}`]),
      `--user-data-dir=${join(folder, "data")}`,
      `--extensions-dir=${join(folder, "extensions")}`,
      "--disable-workspace-trust",
      "--disable-telemetry",
      "--disable-updates",
      "--skip-welcome",
      "--skip-release-notes",
      // Electron requires these to run as root.
      ...(process.getuid?.() === 0 ? ["--no-sandbox", "--disable-gpu"] : []),
    ],
    { cwd: folder, env: { ...displayEnvironment(), HOME: home, USERPROFILE: home, ...options.env } },
  );
  const { leader } = group;
  leader.stdout?.pipe(process.stdout);
  leader.stderr?.pipe(process.stderr);
  const closed = new Promise<number>((resolve, reject) => {
    leader.once("error", reject);
    leader.once("exit", (code) => resolve(code ?? 1));
  });
  return {
    closed,
    close: async () => {
      await group.end();
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** X11's cookie is in the home folder that the window does not get. */
function displayEnvironment(): NodeJS.ProcessEnv {
  const env = cleanEnvironment();
  return env["DISPLAY"] ? { XAUTHORITY: join(homedir(), ".Xauthority"), ...env } : env;
}
