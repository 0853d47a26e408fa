import type * as vscode from "vscode";

const key = "recentHosts";
const limit = 8;

/** Hosts in the order of their last use, newest first; kept between windows. */
export class RecentHosts {
  readonly #memento: vscode.Memento;

  constructor(memento: vscode.Memento) {
    this.#memento = memento;
  }

  list(): readonly string[] {
    return this.#memento.get<readonly string[]>(key, []);
  }

  async add(host: string): Promise<void> {
    const before = this.list();
    if (before[0] !== host) {
      await this.#memento.update(key, [host, ...before.filter((other) => other !== host)].slice(0, limit));
    }
  }
}
