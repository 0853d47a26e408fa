import { asError } from "../base/errors.ts";
import { type Logger, printable } from "../base/log.ts";
import type { HostConfig } from "../config/hostConfig.ts";
import type { Master } from "./master.ts";

export interface PolicyRefreshInit {
  /** Goes with the times, as a Map's iterator: what comes meanwhile counts, what goes does not. */
  masters(): Iterable<Master>;
  /** @throws ConfigError */
  resolve(host: string): Promise<HostConfig>;
  readonly logger: Logger;
}

/**
 * Gives live masters the policies of what ssh_config says now. Hosts are resolved one after the other, so that at
 * most one `ssh -G` runs for it, and those of an earlier change are left out as soon as there is a later one.
 */
export class PolicyRefresh {
  readonly #init: PolicyRefreshInit;
  #newest = 0;
  #rounds: Promise<void> = Promise.resolve();

  constructor(init: PolicyRefreshInit) {
    this.#init = init;
  }

  /** Resolves when all masters have been gone through, or when a later call has. Never rejects. */
  run(): Promise<void> {
    const round = ++this.#newest;
    this.#rounds = this.#rounds.then(() => this.#run(round));
    return this.#rounds;
  }

  async #run(round: number): Promise<void> {
    const known = new Map<string, HostConfig | undefined>();
    for (const master of this.#init.masters()) {
      if (round !== this.#newest) {
        return;
      }
      if (master.isEnded) {
        continue;
      }
      for (const spec of master.specs) {
        if (!known.has(spec)) {
          known.set(spec, await this.#read(spec));
        }
        if (round !== this.#newest) {
          // Meanwhile the file may have changed again.
          return;
        }
      }
      master.refreshPolicies(
        new Map([...known].flatMap(([spec, config]) => (config ? [[spec, config]] : []))),
      );
    }
  }

  /** Undefined: it can't be read now, as in the middle of an edit. */
  async #read(host: string): Promise<HostConfig | undefined> {
    try {
      return await this.#init.resolve(host);
    } catch (error) {
      this.#init.logger.warn(
        `${printable(host)}: keepalive and linger stay as they are: ${printable(asError(error).message)}`,
      );
      return undefined;
    }
  }
}
