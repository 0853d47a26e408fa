import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildExtension } from "../../setup/buildExtension.ts";
import { extensionUnderTest, installExtension, packageExtension } from "../harness/packagedExtension.ts";

/** Every workbench of this project loads what users get: the files of the packaged extension, unpacked by VS Code. */
export async function setup(): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), "ssh-sessions-packaged-"));
  await buildExtension();
  const file = join(folder, "ssh-sessions.vsix");
  await packageExtension(file);
  const { extensionPath } = await installExtension(file, folder);
  process.env[extensionUnderTest] = extensionPath;
  return async () => {
    await rm(folder, { recursive: true, force: true });
  };
}
