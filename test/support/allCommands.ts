import type { ForwardService } from "../../src/forward/forwardService.ts";
import type { Commands } from "../../src/vscode/commands/command.ts";
import { commands } from "../../src/vscode/commands/registerCommands.ts";
import { type AllFeaturesInit, allFeatures } from "../../src/vscode/features/allFeatures.ts";
import { FakeSettings } from "./configFixtures.ts";

/** Every command by its id: the editor's own and those of the features. Their services can't do anything. */
export function allCommands(): Commands {
  const init: Partial<AllFeaturesInit> = {
    settings: new FakeSettings(),
    forwards: { askBy: () => {} } as Partial<ForwardService> as ForwardService,
  };
  const added = allFeatures(init as AllFeaturesInit).map((feature) => feature.commands);
  return Object.assign({}, commands, ...added);
}
