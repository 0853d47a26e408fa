import { join } from "node:path";
import { entryOf } from "../commandTarget.ts";
import { openFileAt, openOrCreateFile } from "../openFile.ts";
import { isTreeNode } from "../treeNodes.ts";
import type { CommandHandler } from "./commandContext.ts";

/** The ssh_config file; for a host or a problem, at its line. */
export const openConfigFile: CommandHandler = async ({ settings, home }, argument) => {
  const place =
    isTreeNode(argument) && argument.kind === "problem" ? argument.problem : (entryOf(argument) ?? {});
  if (place.file !== undefined && place.file !== "") {
    await openFileAt(place.file, place.line);
    return;
  }
  const { configFile } = settings;
  if (configFile === "") {
    await openOrCreateFile(join(home, ".ssh", "config"));
  } else {
    await openOrCreateFile(/^~[/\\]/.test(configFile) ? join(home, configFile.slice(2)) : configFile);
  }
};
