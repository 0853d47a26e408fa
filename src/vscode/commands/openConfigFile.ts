import { join } from "node:path";
import { expandHome } from "../../text/valueSourceText.ts";
import { openFileAt, openOrCreateFile } from "../documents/openFile.ts";
import { isTreeNode } from "../views/treeNodes.ts";
import type { CommandHandler } from "./commandContext.ts";
import { entryOf } from "./commandTarget.ts";

/** The ssh_config file; for a host or a problem, at its line. */
export const openConfigFile: CommandHandler = async ({ settings, home }, argument) => {
  const place = isTreeNode(argument) && argument.kind === "problem" ? argument.problem : entryOf(argument);
  if (place?.file !== undefined && place.file !== "") {
    await openFileAt(place.file, place.line);
    return;
  }
  const { configFile } = settings;
  await openOrCreateFile(configFile === "" ? join(home, ".ssh", "config") : expandHome(configFile, home));
};
