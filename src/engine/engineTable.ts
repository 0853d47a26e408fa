import type { ConnectionUse } from "../config/connectionPolicy.ts";
import { type EngineName, engineNames, usualEngine } from "../config/engineNames.ts";
import type { HostConfig } from "../config/hostConfig.ts";
import type { HostPolicies } from "../config/hostPolicies.ts";
import type { ConnectionEngine } from "./connectionEngine.ts";
import type { ConnectErrorReason } from "./engineErrors.ts";

/** What the choice of an engine needs to know about it. */
export interface EngineEntry {
  readonly engine: ConnectionEngine;
  /** With `auto`: whether the host can only log in with this engine. Absent: only the setting chooses it. */
  isNeededFor?(config: HostConfig): boolean;
  /** Reads what `isNeededFor` depends on besides the configuration. Never rejects. */
  prepare?(config: HostConfig): Promise<void>;
  /**
   * With `auto`, once another engine has tried every key: whether this one may log in by one of the methods that the
   * server still accepts, without a question. Never rejects.
   */
  mayLogInBy?(config: HostConfig, methodsLeft: readonly string[]): Promise<boolean>;
  /** Whether the failure means that this engine can't run on this machine, whatever the host is. Absent: it always can. */
  isUnableBy?(reason: ConnectErrorReason): boolean;
  /** Starts loading it early. Never throws. */
  warmUp?(): void;
}

/** An engine that may take over a login. */
export interface AlternativeEngine {
  readonly engine: ConnectionEngine;
  /** See `EngineEntry.mayLogInBy`. */
  mayLogInBy(config: HostConfig, methodsLeft: readonly string[]): Promise<boolean>;
  /** See `EngineEntry.isUnableBy`. */
  isUnableBy(reason: ConnectErrorReason): boolean;
}

/** Every engine, and which of them connects a host. */
export class EngineTable {
  readonly #policies: HostPolicies;
  readonly #entries: Readonly<Record<EngineName, EngineEntry>>;

  constructor(policies: HostPolicies, entries: Readonly<Record<EngineName, EngineEntry>>) {
    this.#policies = policies;
    this.#entries = entries;
  }

  /** The engine in the setting. `auto`: the usual engine, unless the host needs another one. */
  choose({ config, folder }: ConnectionUse): ConnectionEngine {
    const choice = this.#policies.get("engine", config, folder).value;
    const name =
      choice === "auto" ? engineNames.find((each) => this.#entries[each].isNeededFor?.(config)) : choice;
    return this.#entries[name ?? usualEngine].engine;
  }

  /** The engines that may take over a login of the chosen engine, best first. None if the setting names the engine. */
  alternatives(use: ConnectionUse): readonly AlternativeEngine[] {
    if (this.#policies.get("engine", use.config, use.folder).value !== "auto") {
      return [];
    }
    const chosen = this.choose(use);
    return engineNames.flatMap((name) => {
      const { engine, mayLogInBy, isUnableBy = () => false } = this.#entries[name];
      return engine === chosen || mayLogInBy === undefined ? [] : [{ engine, mayLogInBy, isUnableBy }];
    });
  }

  /** Call it before `choose`, because an engine may look for something on which the choice depends. */
  async prepare(config: HostConfig): Promise<HostConfig> {
    await Promise.all(engineNames.map((name) => this.#entries[name].prepare?.(config)));
    return config;
  }

  /** Loads engines while the configuration is being read. */
  warmUp(): void {
    for (const name of engineNames) {
      this.#entries[name].warmUp?.();
    }
  }
}
