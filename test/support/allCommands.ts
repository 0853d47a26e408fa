import type { Commands } from "../../src/vscode/commands/command.ts";
import { commands } from "../../src/vscode/commands/commandTable.ts";
import { type AllFeaturesInit, allFeatures } from "../../src/vscode/features/allFeatures.ts";

/** Every command by its id: the editor's own and those of the features. Their services do nothing. */
export function allCommands(): Commands {
  const added = allFeatures({} as AllFeaturesInit).map((feature) => feature.commands);
  return Object.assign({}, commands, ...added);
}
