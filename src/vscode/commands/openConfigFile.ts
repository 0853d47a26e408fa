import { join } from "node:path";
import { expandHome } from "../../text/valueSourceText.ts";
import { openFileAt, openOrCreateFile } from "../documents/openFile.ts";
import { command, optional } from "./command.ts";
import { aPlace } from "./hostFinders.ts";

/** Opens the ssh_config file; for a host or a problem, at its line. */
export const openConfigFile = command(optional(aPlace), async ({ settings, home }, { given }) => {
  if (given !== undefined) {
    await openFileAt(given.file, given.line);
    return;
  }
  const { configFile } = settings;
  await openOrCreateFile(configFile === "" ? join(home, ".ssh", "config") : expandHome(configFile, home));
});
