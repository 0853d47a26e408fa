import { systemClock } from "../../src/base/clock.ts";
import type { Disposable } from "../../src/base/disposable.ts";
import { silentLogger } from "../../src/base/log.ts";
import type { HostResolver } from "../../src/config/configPorts.ts";
import { createHostResolver } from "../../src/config/hostResolver.ts";
import type { SessionService } from "../../src/session/sessionServiceTypes.ts";
import { createSshStack, type SshStack } from "../../src/sshStack.ts";
import { noPrompts, TestSettings } from "../support/testStack.ts";

/** Reads the ssh_config that the peer reads. Keepalive is 1 s x 3, masters stay open. */
export class OwnStacks implements Disposable {
  readonly #settings = new TestSettings();
  #resolver: HostResolver & Disposable;

  constructor(configFile: string) {
    this.#settings.configFile = configFile;
    this.#settings.workspace = { linger: -1, serverAliveInterval: 1, serverAliveCountMax: 3 };
    this.#resolver = this.#newResolver();
  }

  /** Everything below the editor, without a connection yet. */
  create(): SshStack {
    return createSshStack({
      clock: systemClock,
      logger: silentLogger,
      settings: this.#settings,
      resolver: this.#resolver,
      authPrompter: noPrompts,
      hostKeyPrompter: noPrompts,
      secrets: { get: async () => undefined, set: async () => {}, delete: async () => {} },
    });
  }

  /** As after the start: nothing is known about any host. */
  forgetHosts(): void {
    this.#resolver.dispose();
    this.#resolver = this.#newResolver();
  }

  dispose(): void {
    this.#resolver.dispose();
  }

  #newResolver(): HostResolver & Disposable {
    return createHostResolver({ settings: this.#settings, clock: systemClock, logger: silentLogger });
  }
}

/** Resolves as soon as every master is known to be dead, even if its sessions still wait for a reconnect. */
export function knownDead(service: SessionService): Promise<void> {
  return new Promise((resolve) => {
    const subscription = service.onDidChange(() => {
      if (service.masters().every(({ state }) => ["hung", "lost", "closed"].includes(state.kind))) {
        subscription.dispose();
        resolve();
      }
    });
  });
}
