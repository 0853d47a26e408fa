import type { HostResolver, SettingsPort } from "../../config/configPorts.ts";
import type { HostPolicies } from "../../config/hostPolicies.ts";
import type { EngineMemory } from "../settings/engineMemory.ts";

export interface OpenSshQuestionsInit {
  readonly memory: EngineMemory;
  readonly resolver: Pick<HostResolver, "resolve">;
  readonly policies: HostPolicies;
  readonly settings: Pick<SettingsPort, "folder">;
  /** Default: this machine's. */
  readonly platform?: NodeJS.Platform;
}

/**
 * Whether the machine's `ssh` connects a host from now on: asked once per host, after a login for which SSH Sessions
 * lacks an algorithm, and remembered on this machine.
 */
export class OpenSshQuestions {
  readonly #init: OpenSshQuestionsInit;
  /** Hosts whose question is open. */
  readonly #open = new Set<string>();

  constructor(init: OpenSshQuestionsInit) {
    this.#init = init;
  }

  /**
   * Starts the question, if it makes sense: the setting leaves the choice to us, and OpenSSH could take over.
   * `answer` must follow.
   */
  async begin(host: string): Promise<boolean> {
    const { memory, resolver, policies, settings, platform = process.platform } = this.#init;
    if (platform === "win32" || this.#open.has(host) || memory.choiceFor(host) !== undefined) {
      return false;
    }
    this.#open.add(host);
    const isOpen = await resolver.resolve(host).then(
      (config) =>
        config.forwardAgent === false && policies.get("engine", config, settings.folder).value === "auto",
      () => false,
    );
    if (!isOpen) {
      this.#open.delete(host);
    }
    return isOpen;
  }

  /** @param useOpenSsh undefined: not answered, so that it may be asked again */
  async answer(host: string, useOpenSsh: boolean | undefined): Promise<void> {
    this.#open.delete(host);
    if (useOpenSsh !== undefined) {
      await this.#init.memory.remember(host, useOpenSsh);
    }
  }
}
