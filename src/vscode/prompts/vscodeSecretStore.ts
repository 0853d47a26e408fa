import type * as vscode from "vscode";
import type { SecretStore } from "../../auth/authPorts.ts";

const indexKey = "secretKeys";

/**
 * VS Code's SecretStorage (the system's keychain), which can't list what it holds: the keys, never the values, are
 * remembered beside it, so that a person can see and drop what he let us keep.
 */
export class VscodeSecretStore implements SecretStore {
  readonly #secrets: vscode.SecretStorage;
  readonly #memento: vscode.Memento;

  constructor(secrets: vscode.SecretStorage, memento: vscode.Memento) {
    this.#secrets = secrets;
    this.#memento = memento;
  }

  keys(): readonly string[] {
    return this.#memento.get<readonly string[]>(indexKey, []);
  }

  async get(key: string): Promise<string | undefined> {
    return this.#secrets.get(key);
  }

  async set(key: string, value: string): Promise<void> {
    // The index first: a secret that nobody can find again is worse than an entry that leads nowhere.
    await this.#memento.update(indexKey, [...new Set([...this.keys(), key])].sort());
    await this.#secrets.store(key, value);
  }

  async delete(key: string): Promise<void> {
    await this.#secrets.delete(key);
    await this.#memento.update(
      indexKey,
      this.keys().filter((other) => other !== key),
    );
  }
}
