import type { HostConfig } from "../config/hostConfig.ts";
import type { SecretStore } from "./authPorts.ts";
import type { KeyRing } from "./keyRing.ts";
import { passwordSecret } from "./secrets.ts";

/**
 * Forgets what was kept for a host: its password, and the passphrases of its key files, in the secret store and in
 * memory.
 *
 * @returns what was forgotten, in words; empty when there was nothing. Rejects when the secret store fails.
 */
export async function forgetPassword(
  config: HostConfig,
  secrets: SecretStore,
  keyRing: KeyRing,
): Promise<readonly string[]> {
  const forgotten: string[] = [];
  const password = passwordSecret(config);
  if ((await secrets.get(password)) !== undefined) {
    await secrets.delete(password);
    forgotten.push(`password of ${config.user}@${config.hostName}:${config.port}`);
  }
  for (const file of config.identityFiles) {
    if (await keyRing.forget(file)) {
      forgotten.push(`passphrase of ${file}`);
    }
  }
  return forgotten;
}
