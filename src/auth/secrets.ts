import { createHash } from "node:crypto";
import { asError } from "../base/errors.ts";
import { type Logger, printable } from "../base/log.ts";
import type { HostConfig } from "../config/hostConfig.ts";
import { formatHostSpec } from "../config/hostSpec.ts";
import type { SecretStore } from "./authPorts.ts";

/**
 * The owner of a password: the login itself, not the alias. Behind another jump host the same address is another
 * machine.
 */
export type LoginName = Pick<HostConfig, "user" | "hostName" | "port"> &
  Partial<Pick<HostConfig, "proxyJump" | "proxyCommand">>;

export function passwordSecret(login: LoginName): string {
  return `password:${login.user}@${login.hostName}:${login.port}${routeTo(login)}`;
}

/** The route to the host, if it is not direct. A command is hashed, because it may be long or private. */
function routeTo({ proxyJump = [], proxyCommand }: LoginName): string {
  if (proxyCommand !== undefined) {
    return ` via ProxyCommand ${createHash("sha256").update(proxyCommand).digest("hex").slice(0, 12)}`;
  }
  return proxyJump.length === 0 ? "" : ` via ${proxyJump.map(formatHostSpec).join(",")}`;
}

export function passphraseSecret(file: string): string {
  return `passphrase:${file}`;
}

/** The inverse of `passwordSecret` and `passphraseSecret`: `of` is the login (`user@host:port`) or the file. */
export function parseSecretName(name: string): { readonly what: string; readonly of: string } {
  const colon = name.indexOf(":");
  return { what: name.slice(0, colon), of: name.slice(colon + 1) };
}

/** Deletes a secret that was found wrong, unless another login or window has replaced it. */
export async function dropSecret(store: SecretStore, key: string, wrong: string): Promise<void> {
  if ((await store.get(key)) === wrong) {
    await store.delete(key);
  }
}

/** A store that never makes a login fail: errors are logged and mean that there is no secret. */
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
