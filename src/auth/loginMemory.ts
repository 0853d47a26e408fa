import type { HostConfig } from "../config/hostConfig.ts";
import type { SecretStore } from "./authPorts.ts";
import type { KeyRing } from "./keys/keyRing.ts";
import { LoginNeeds } from "./loginNeeds.ts";
import { type LoginName, passphraseSecret, passwordSecret } from "./secrets.ts";

/**
 * What the logins of one window remember, in the secret store and in memory, and how to forget it. It shows no
 * secret.
 */
export class LoginMemory {
  readonly #secrets: SecretStore;
  readonly #keyRing: KeyRing;
  /** What the last logins needed from the user. */
  readonly needs: LoginNeeds;

  constructor(secrets: SecretStore, keyRing: KeyRing, needs = new LoginNeeds()) {
    this.#secrets = secrets;
    this.#keyRing = keyRing;
    this.needs = needs;
  }

  /** Whether the last login to this destination needed the user: a question, a touch, or a long wait for a reply. */
  needsPerson(login: LoginName): boolean {
    return this.needs.needsPerson(login);
  }

  /** False: the host needs the user, and the one unattended try since its last login was already made. */
  mayTryUnattended(login: LoginName): boolean {
    return this.needs.mayTryUnattended(login);
  }

  /** Key files whose passphrases this window has, in memory or in the secret store. */
  keyFiles(): readonly string[] {
    return this.#keyRing.openFiles();
  }

  /**
   * Forgets what was stored for a host: its password, and the passphrases of its key files.
   *
   * @returns what was forgotten, as text; empty when there was nothing. Rejects when the secret store fails.
   */
  async forgetHost(config: HostConfig): Promise<readonly string[]> {
    const forgotten: string[] = [];
    const password = passwordSecret(config);
    if ((await this.#secrets.get(password)) !== undefined) {
      await this.#secrets.delete(password);
      forgotten.push(`password of ${config.user}@${config.hostName}:${config.port}`);
    }
    for (const file of config.identityFiles) {
      if (await this.#forgetKeyFile(file)) {
        forgotten.push(`passphrase of ${file}`);
      }
    }
    return forgotten;
  }

  /** Forgets one secret of the store by its name, and its passphrase in memory. Rejects when the store fails. */
  async forget(secret: string): Promise<void> {
    for (const file of this.keyFiles()) {
      if (passphraseSecret(file) === secret) {
        this.#keyRing.forget(file);
      }
    }
    await this.#secrets.delete(secret);
  }

  async #forgetKeyFile(file: string): Promise<boolean> {
    const secret = passphraseSecret(file);
    const known = this.#keyRing.forget(file);
    const stored = (await this.#secrets.get(secret)) !== undefined;
    if (stored) {
      await this.#secrets.delete(secret);
    }
    return known || stored;
  }
}
