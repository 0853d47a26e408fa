import type * as vscode from "vscode";
import { hostNames } from "../../config/hostSpec.ts";

const key = "openSshHosts";
const mostKept = 200;

/** The hosts for which the user has chosen OpenSSH after a failure. Kept on this machine: another one may lack its `ssh`. */
export class EngineMemory {
  readonly #memento: Pick<vscode.Memento, "get" | "update">;

  constructor(memento: Pick<vscode.Memento, "get" | "update">) {
    this.#memento = memento;
  }

  /** @param alias as `HostConfig` has it. */
  has(alias: string): boolean {
    return this.#all().includes(alias);
  }

  /** @param host as typed. */
  async add(host: string): Promise<void> {
    const { alias } = hostNames(host);
    await this.#memento.update(
      key,
      [alias, ...this.#all().filter((other) => other !== alias)].slice(0, mostKept),
    );
  }

  #all(): readonly string[] {
    const kept: unknown = this.#memento.get(key);
    return Array.isArray(kept) ? kept.filter((each) => typeof each === "string") : [];
  }
}
