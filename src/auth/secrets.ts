import { asError } from "../base/errors.ts";
import { type Logger, printable } from "../base/log.ts";
import type { SecretStore } from "./authPorts.ts";

/** Whose password: the login itself, not the alias that led to it. */
export interface LoginName {
  readonly user: string;
  readonly hostName: string;
  readonly port: number;
}

export function passwordSecret(login: LoginName): string {
  return `password:${login.user}@${login.hostName}:${login.port}`;
}

export function passphraseSecret(file: string): string {
  return `passphrase:${file}`;
}

/** The inverse of both: `of` is the login (`user@host:port`) or the file. */
export function parseSecretName(name: string): { readonly what: string; readonly of: string } {
  const colon = name.indexOf(":");
  return { what: name.slice(0, colon), of: name.slice(colon + 1) };
}

/** A store that never fails a login: what goes wrong is logged, and then there is no secret. */
export function tolerantSecrets(store: SecretStore, logger: Logger): SecretStore {
  const attempt = async <T>(what: string, work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (error) {
      logger.warn(`The secret store could not ${what}: ${printable(asError(error).message)}`);
      return undefined;
    }
  };
  return {
    get: (key) => attempt(`read ${key}`, () => store.get(key)),
    async set(key, value) {
      await attempt(`keep ${key}`, () => store.set(key, value));
    },
    async delete(key) {
      await attempt(`drop ${key}`, () => store.delete(key));
    },
  };
}
