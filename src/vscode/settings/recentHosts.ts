import type * as vscode from "vscode";
import type { Disposable } from "../../base/disposable.ts";
import { Emitter } from "../../base/emitter.ts";
import { hostNames, isHost } from "../../config/hostSpec.ts";

const key = "recentHosts";
const mostKept = 40;
const mostListed = 8;

/** Typed hosts in the order of their last use, newest first; kept between windows. */
export class RecentHosts implements Disposable {
  readonly #memento: Pick<vscode.Memento, "get" | "update">;
  readonly #changed = new Emitter<void>();
  readonly onDidChange = this.#changed.event;

  constructor(memento: Pick<vscode.Memento, "get" | "update">) {
    this.#memento = memento;
  }

  /** The recent hosts. */
  list(): readonly string[] {
    return this.#all().slice(0, mostListed);
  }

  /** The recent hosts that no file and no setting lists. @param listed their aliases. */
  typed(listed: ReadonlySet<string>): readonly string[] {
    return this.#all()
      .filter((host) => !listed.has(host))
      .slice(0, mostListed);
  }

  /** The user tried to connect to it. A text that can't be a host is not kept. */
  async add(host: string): Promise<void> {
    if (!isHost(host)) {
      return;
    }
    const { spec } = hostNames(host);
    const before = this.#all();
    if (before[0] !== spec) {
      await this.#store([spec, ...before.filter((other) => other !== spec)].slice(0, mostKept));
    }
  }

  async forget(host: string): Promise<void> {
    const before = this.#all();
    const rest = before.filter((other) => other !== host);
    if (rest.length < before.length) {
      await this.#store(rest);
    }
  }

  dispose(): void {
    this.#changed.dispose();
  }

  #all(): readonly string[] {
    const kept = this.#memento.get<unknown>(key);
    return Array.isArray(kept)
      ? kept.filter((host): host is string => typeof host === "string" && host !== "")
      : [];
  }

  async #store(hosts: readonly string[]): Promise<void> {
    await this.#memento.update(key, hosts);
    this.#changed.fire();
  }
}
