import type * as vscode from "vscode";
import { hostNames } from "../../config/hostSpec.ts";

const keys = { yes: "openSshHosts", no: "noOpenSshHosts" } as const;
const mostKept = 200;

/**
 * The user's answer to the question whether OpenSSH connects a host, after a failure. Stored on this machine: another
 * one may lack its `ssh`.
 */
export class EngineMemory {
  readonly #memento: Pick<vscode.Memento, "get" | "update">;

  constructor(memento: Pick<vscode.Memento, "get" | "update">) {
    this.#memento = memento;
  }

  /** @param alias as `HostConfig` has it. */
  usesOpenSsh(alias: string): boolean {
    return this.#all("yes").includes(alias);
  }

  /** @param host as typed. Undefined: never answered. */
  choiceFor(host: string): boolean | undefined {
    const { alias } = hostNames(host);
    return this.usesOpenSsh(alias) || (this.#all("no").includes(alias) ? false : undefined);
  }

  /** @param host as typed. */
  async remember(host: string, useOpenSsh: boolean): Promise<void> {
    const { alias } = hostNames(host);
    const answer = useOpenSsh ? "yes" : "no";
    const kept = [alias, ...this.#all(answer).filter((other) => other !== alias)].slice(0, mostKept);
    await this.#memento.update(keys[answer], kept);
  }

  #all(answer: keyof typeof keys): readonly string[] {
    const kept: unknown = this.#memento.get(keys[answer]);
    return Array.isArray(kept) ? kept.filter((each) => typeof each === "string") : [];
  }
}
