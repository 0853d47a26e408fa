import { asError } from "../base/errors.ts";
import { type Logger, printable } from "../base/log.ts";
import type { HostConfig } from "../config/hostConfig.ts";
import type { Master } from "./master.ts";

export interface PolicyRefreshInit {
  /** A live iterator like a Map's: it includes masters that are added, and skips those that are removed. */
  masters(): Iterable<Master>;
  /** @throws ConfigError */
  resolve(host: string): Promise<HostConfig>;
  readonly logger: Logger;
}

/**
 * Applies the policies of the current ssh_config to live masters. Hosts are resolved one at a time, so that at most
 * one `ssh -G` runs for this, and a later change cancels the rest of an earlier one.
 */
export class PolicyRefresh {
  readonly #init: PolicyRefreshInit;
  #newest = 0;
  #rounds: Promise<void> = Promise.resolve();

  constructor(init: PolicyRefreshInit) {
    this.#init = init;
  }

  /** Resolves when all masters have been updated, or when a later call has done so. Never rejects. */
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
          // The file may have changed again meanwhile.
          return;
        }
      }
      master.refreshPolicies(
        new Map([...known].flatMap(([spec, config]) => (config ? [[spec, config]] : []))),
      );
    }
  }

  /** Undefined: it can't be read now, for example in the middle of an edit. */
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
