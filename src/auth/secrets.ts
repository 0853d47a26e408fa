import { createHash } from "node:crypto";
import { asError } from "../base/errors.ts";
import { type Logger, printable } from "../base/log.ts";
import type { HostConfig } from "../config/hostConfig.ts";
import { formatHostSpec } from "../config/hostSpec.ts";
import type { SecretStore } from "./authPorts.ts";

/** Whose password: the login itself, not the alias that led to it. Behind another jump host the same address is another machine. */
export type LoginName = Pick<HostConfig, "user" | "hostName" | "port"> &
  Partial<Pick<HostConfig, "proxyJump" | "proxyCommand">>;

export function passwordSecret(login: LoginName): string {
  return `password:${login.user}@${login.hostName}:${login.port}${wayTo(login)}`;
}

/** How the host is reached, where it is not reached directly. A command may be long, and hold what is nobody's business. */
function wayTo({ proxyJump = [], proxyCommand }: LoginName): string {
  if (proxyCommand !== undefined) {
    return ` via ProxyCommand ${createHash("sha256").update(proxyCommand).digest("hex").slice(0, 12)}`;
  }
  return proxyJump.length === 0 ? "" : ` via ${proxyJump.map(formatHostSpec).join(",")}`;
}

export function passphraseSecret(file: string): string {
  return `passphrase:${file}`;
}

/** The inverse of both: `of` is the login (`user@host:port`) or the file. */
export function parseSecretName(name: string): { readonly what: string; readonly of: string } {
  const colon = name.indexOf(":");
  return { what: name.slice(0, colon), of: name.slice(colon + 1) };
}

/** Drops a secret that was found wrong, unless another login or window has put another one in its place. */
export async function dropSecret(store: SecretStore, key: string, wrong: string): Promise<void> {
  if ((await store.get(key)) === wrong) {
    await store.delete(key);
  }
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
