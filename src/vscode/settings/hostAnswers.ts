import type * as vscode from "vscode";
import { hostNames } from "../../config/hostSpec.ts";

const mostKept = 200;

/** The user's answers to one question, by host. Stored on this machine only, and in no workspace. */
export class HostAnswers {
  readonly #memento: Pick<vscode.Memento, "get" | "update">;
  readonly #keys: { readonly yes: string; readonly no: string };

  constructor(
    memento: Pick<vscode.Memento, "get" | "update">,
    keys: { readonly yes: string; readonly no: string },
  ) {
    this.#memento = memento;
    this.#keys = keys;
  }

  /** Undefined: never answered. @param host as typed */
  choiceFor(host: string): boolean | undefined {
    const { alias } = hostNames(host);
    return this.#all("yes").includes(alias) || (this.#all("no").includes(alias) ? false : undefined);
  }

  /** @param host as typed */
  async remember(host: string, yes: boolean): Promise<void> {
    const { alias } = hostNames(host);
    for (const answer of ["yes", "no"] as const) {
      const others = this.#all(answer).filter((other) => other !== alias);
      const kept = (answer === "yes") === yes ? [alias, ...others].slice(0, mostKept) : others;
      if (kept.join() !== this.#all(answer).join()) {
        await this.#memento.update(this.#keys[answer], kept);
      }
    }
  }

  #all(answer: "yes" | "no"): readonly string[] {
    const kept: unknown = this.#memento.get(this.#keys[answer]);
    return Array.isArray(kept) ? kept.filter((each) => typeof each === "string") : [];
  }
}
