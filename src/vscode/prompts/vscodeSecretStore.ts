import type * as vscode from "vscode";
import type { SecretStore } from "../../auth/authPorts.ts";

const indexKey = "secretKeys";

/**
 * VS Code's SecretStorage (the system's keychain) can't list its contents: the keys, never the values, are stored
 * beside it, so that the user can see and delete them.
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
    // The index first: a secret that can't be found any more is worse than an entry without a secret.
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
