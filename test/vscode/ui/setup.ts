import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildExtension } from "../../setup/buildExtension.ts";
import { plantModules } from "../../support/plantedModules.ts";
import {
  extensionUnderTest,
  installExtension,
  packageExtension,
  plantedLog,
} from "../harness/packagedExtension.ts";

/**
 * Every workbench of this project loads the packaged extension, unpacked by VS Code, as users get it. Modules are
 * planted around it, so that each test also checks what the extension loads.
 */
export async function setup(): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), "ssh-sessions-packaged-"));
  await buildExtension();
  const file = join(folder, "ssh-sessions.vsix");
  await packageExtension(file);
  const { extensionsFolder, extensionPath } = await installExtension(file, folder);
  process.env[extensionUnderTest] = extensionPath;
  const planted = join(folder, "planted.log");
  process.env[plantedLog] = planted;
  const places = [folder, extensionsFolder, extensionPath, join(extensionPath, "dist")];
  plantModules(
    places.map((place) => join(place, "node_modules")),
    planted,
  );
  return async () => {
    await rm(folder, { recursive: true, force: true });
  };
}
