import type { Memento } from "vscode";
import type { Clock } from "../../base/clock.ts";
import { DisposableStore } from "../../base/disposable.ts";
import type { Logger } from "../../base/log.ts";
import type { HostResolver, SettingsPort } from "../../config/configPorts.ts";
import type { HostPolicies } from "../../config/hostPolicies.ts";
import type { ForwardService } from "../../forward/forwardService.ts";
import { SavedForwards } from "../../forward/savedForwards.ts";
import { forwardCommands } from "../commands/forwardCommands.ts";
import { offerForwards } from "../commands/offerForwards.ts";
import type { PassingMessages } from "../messages/passingMessage.ts";
import { ForwardBox } from "../prompts/forwardBox.ts";
import { forwardPrompts } from "../prompts/forwardPrompts.ts";
import type { PromptQueue } from "../prompts/promptQueue.ts";
import { ForwardMemory } from "../settings/forwardMemory.ts";
import { type ForwardRowsInit, forwardFolds, forwardRows } from "../views/rows/forwardRows.ts";
import { type DetectPortsInit, detectPorts } from "./detectPorts.ts";
import type { Feature } from "./feature.ts";

export interface ForwardsFeatureInit extends Omit<ForwardRowsInit, "service">, DetectPortsInit {
  readonly service: ForwardRowsInit["service"] & DetectPortsInit["service"];
  readonly forwards: ForwardService;
  readonly resolver: HostResolver;
  readonly settings: SettingsPort;
  readonly policies: HostPolicies;
  readonly prompts: PromptQueue;
  readonly messages: PassingMessages;
  readonly clock: Clock;
  /** `context.globalState` and `context.workspaceState`. */
  readonly memento: Memento;
  readonly workspaceMemento: Memento;
  readonly logger: Logger;
}

/** Forwards: their rows, commands and questions, and those that are saved in the settings. */
export function forwardsFeature(init: ForwardsFeatureInit): Feature {
  const { forwards, resolver, settings, policies, prompts, logger } = init;
  const memory = new ForwardMemory(forwards, init.workspaceMemento, init.memento);
  return {
    liveRows: (masters) => {
      const folds = forwardFolds(masters, init);
      return [folds, forwardRows(folds, init)];
    },
    commands: forwardCommands(forwards, new ForwardBox(resolver, forwards, memory)),
    start: () => {
      forwards.askBy(forwardPrompts(prompts));
      const saved = new SavedForwards(forwards, settings, policies, logger);
      saved.update();
      const store = new DisposableStore();
      store.add(saved);
      store.add(detectPorts(init));
      store.add(memory);
      void offerForwards(memory.before(), init);
      memory.start();
      return store;
    },
  };
}
