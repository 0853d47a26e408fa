import { type ConnectionUse, useKey } from "../config/connectionPolicy.ts";
import type { ConfigWarning, HostConfig } from "../config/hostConfig.ts";
import { typedHost } from "../config/hostSpec.ts";

/**
 * The uses of a connection. The last one is kept, because it decides how the connection lingers. Uses with the same
 * policies count as one.
 */
export class MasterUses {
  readonly #held = new Map<string, { use: ConnectionUse; count: number }>();
  #last: ConnectionUse;

  constructor(first: ConnectionUse) {
    this.#last = first;
  }

  /** Oldest first; at least one. */
  get current(): readonly ConnectionUse[] {
    return this.#held.size === 0 ? [this.#last] : [...this.#held.values()].map(({ use }) => use);
  }

  /** Their typed hosts, without duplicates. */
  get specs(): readonly string[] {
    return [...new Set(this.current.map(({ config }) => typedHost(config)))];
  }

  /** The warnings of their ssh_config, without duplicates. */
  get warnings(): readonly ConfigWarning[] {
    const warnings = this.current.flatMap(({ config }) => config.warnings);
    return [...new Map(warnings.map((warning) => [JSON.stringify(warning), warning])).values()];
  }

  /** @returns whether the set of uses has changed. */
  add(use: ConnectionUse): boolean {
    const key = useKey(use);
    const held = this.#held.get(key);
    if (held !== undefined) {
      held.count++;
      return false;
    }
    const before = this.#held.size === 0 ? useKey(this.#last) : undefined;
    this.#held.set(key, { use, count: 1 });
    return before !== key;
  }

  /** @returns whether the set of uses has changed. */
  remove(use: ConnectionUse): boolean {
    const key = useKey(use);
    const held = this.#held.get(key);
    if (held === undefined || --held.count > 0) {
      return false;
    }
    this.#held.delete(key);
    this.#last = held.use;
    return this.#held.size > 0;
  }

  /** ssh_config was read again. @param configs by the typed host. */
  reread(configs: ReadonlyMap<string, HostConfig>): void {
    const reread = (use: ConnectionUse): ConnectionUse => {
      const config = configs.get(typedHost(use.config));
      return config === undefined ? use : { ...use, config };
    };
    for (const held of this.#held.values()) {
      held.use = reread(held.use);
    }
    this.#last = reread(this.#last);
  }
}
