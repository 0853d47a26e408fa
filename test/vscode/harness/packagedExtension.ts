import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { repositoryRoot } from "../../setup/repository.ts";
import { runProgram } from "../../setup/runProgram.ts";
import { ensureVscodeServer, type ServerAge } from "../../setup/vscodeServer.ts";
import { cleanEnvironment } from "./cleanEnvironment.ts";

/** Environment variable: the folder of the extension that workbenches load. */
export const extensionUnderTest = "SSH_SESSIONS_EXTENSION_UNDER_TEST";

/** Environment variable: the file in which modules planted around it record that they ran. */
export const plantedLog = "SSH_SESSIONS_PLANTED_LOG";

const vsce = join(repositoryRoot, "node_modules", "@vscode", "vsce", "vsce");

/** Packages the built extension, as `npm run package` does. */
export async function packageExtension(file: string): Promise<void> {
  await runProgram(
    process.execPath,
    [
      ...[vsce, "package", "--no-dependencies", "--no-rewrite-relative-links"],
      ...["--readme-path", "dist/README.md", "--out", file],
    ],
    { cwd: repositoryRoot },
  );
}

/**
 * Installs a .vsix as `code --install-extension` does, into folders below `folder`.
 * @returns the folder of extensions, and the folder of this extension in it
 */
export async function installExtension(
  file: string,
  folder: string,
  age?: ServerAge,
): Promise<{ readonly extensionsFolder: string; readonly extensionPath: string }> {
  const server = await ensureVscodeServer(age);
  const extensionsFolder = join(folder, "extensions");
  await runProgram(
    server.node,
    [
      join(server.folder, "out", "server-main.js"),
      ...["--install-extension", file, "--accept-server-license-terms"],
      ...["--extensions-dir", extensionsFolder, "--server-data-dir", join(folder, "server")],
    ],
    { cwd: folder, env: { ...cleanEnvironment(), HOME: folder, USERPROFILE: folder } },
  );
  const name = (await readdir(extensionsFolder)).find((each) => each.startsWith("ssh-sessions."));
  if (name === undefined) {
    throw new Error(`${file} was not installed.`);
  }
  return { extensionsFolder, extensionPath: join(extensionsFolder, name) };
}
