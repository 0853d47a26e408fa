import type * as vscode from "vscode";
import type { Disposable } from "../../base/disposable.ts";
import { Emitter } from "../../base/emitter.ts";
import { hostNames, isHost } from "../../config/hostSpec.ts";

const key = "recentHosts";
const triedKey = "triedHosts";
const mostKept = 40;
const mostListed = 8;

/**
 * Hosts in the order of their last use, newest first; kept between windows. Those that never worked are kept apart, so
 * that a failed attempt moves no host up.
 */
export class RecentHosts implements Disposable {
  readonly #memento: Pick<vscode.Memento, "get" | "update">;
  readonly #changed = new Emitter<void>();
  #turn = Promise.resolve();
  readonly onDidChange = this.#changed.event;

  constructor(memento: Pick<vscode.Memento, "get" | "update">) {
    this.#memento = memento;
  }

  /** The recent hosts that worked. */
  list(): readonly string[] {
    return this.#kept(key).slice(0, mostListed);
  }

  /** Hosts that never worked, newest first. */
  tried(): readonly string[] {
    return this.#kept(triedKey).slice(0, mostListed);
  }

  /** The recent hosts that no file and no setting lists. @param listed their aliases. */
  typed(listed: ReadonlySet<string>): readonly string[] {
    return [...new Set([...this.#kept(triedKey), ...this.#kept(key)])]
      .filter((host) => !listed.has(host))
      .slice(0, mostListed);
  }

  /** The user connected to it. A text that can't be a host is not kept. */
  async add(host: string): Promise<void> {
    if (isHost(host)) {
      await this.#inTurn(() => this.#add(hostNames(host).spec));
    }
  }

  /** The user tried to connect to it. One that has worked before stays where it is. */
  async addTried(host: string): Promise<void> {
    if (isHost(host)) {
      const { spec } = hostNames(host);
      await this.#inTurn(async () => {
        if (!this.#kept(key).includes(spec)) {
          await this.#store(triedKey, firstOf(spec, this.#kept(triedKey)));
        }
      });
    }
  }

  /** A tried host works. One that was forgotten meanwhile stays forgotten. */
  async addWorking(host: string): Promise<void> {
    if (isHost(host)) {
      const { spec } = hostNames(host);
      await this.#inTurn(async () => {
        if ([key, triedKey].some((each) => this.#kept(each).includes(spec))) {
          await this.#add(spec);
        }
      });
    }
  }

  async forget(host: string): Promise<void> {
    await this.#inTurn(async () => {
      for (const each of [key, triedKey]) {
        await this.#store(each, without(host, this.#kept(each)));
      }
    });
  }

  dispose(): void {
    this.#changed.dispose();
  }

  async #add(spec: string): Promise<void> {
    await this.#store(key, firstOf(spec, this.#kept(key)));
    await this.#store(triedKey, without(spec, this.#kept(triedKey)));
  }

  /**
   * One change after the other: when a memento has been stored, VS Code replaces all of its values by what was stored
   * (ExtensionMemento), and a change that was made meanwhile would be lost.
   */
  async #inTurn(change: () => Promise<void>): Promise<void> {
    const turn = this.#turn.then(change);
    this.#turn = turn.catch(() => {});
    await turn;
  }

  #kept(from: string): readonly string[] {
    const kept = this.#memento.get<unknown>(from);
    return Array.isArray(kept)
      ? kept.filter((host): host is string => typeof host === "string" && host !== "")
      : [];
  }

  async #store(at: string, hosts: readonly string[]): Promise<void> {
    const before = this.#kept(at);
    if (hosts.length !== before.length || hosts.some((host, index) => host !== before[index])) {
      await this.#memento.update(at, hosts);
      this.#changed.fire();
    }
  }
}

function firstOf(host: string, hosts: readonly string[]): readonly string[] {
  return [host, ...without(host, hosts)].slice(0, mostKept);
}

function without(host: string, hosts: readonly string[]): readonly string[] {
  return hosts.filter((other) => other !== host);
}
