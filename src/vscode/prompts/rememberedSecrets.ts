/** Stored passwords and passphrases, as a list to choose from. No vscode. */

import { parseSecretName, passphraseSecret } from "../../auth/secrets.ts";
import { t } from "../../base/localize.ts";
import { printable } from "../../base/log.ts";
import { shortPath } from "../../text/valueSourceText.ts";

export interface RememberedSecret {
  /** Its name in the secret store, whether it is stored there or not. */
  readonly name: string;
  readonly label: string;
  readonly description: string;
}

/**
 * @param stored names in the secret store.
 * @param openFiles key files whose passphrases this window has.
 * @param home the home directory, shown as `~`.
 */
export function rememberedSecrets(
  stored: readonly string[],
  openFiles: readonly string[],
  home: string,
): readonly RememberedSecret[] {
  const names = new Set([...stored, ...openFiles.map(passphraseSecret)]);
  return [...names].sort().map((name) => {
    const { what, of } = parseSecretName(name);
    return {
      name,
      label: printable(what === "passphrase" ? shortPath(of, home) : of),
      description: stored.includes(name) ? what : t("{0}, saved until the window closes", what),
    };
  });
}
