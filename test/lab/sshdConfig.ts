/**
 * Lines of sshd_config(5) by keyword. A list gives one line per value (`HostKey`, `AcceptEnv`, `Port`); undefined
 * omits a default.
 */
export type SshdOptions = Readonly<Record<string, string | number | readonly string[] | undefined>>;

/**
 * The file's text: ours, with `overrides` instead of defaults of the same name (any case), then `tail` (Match
 * blocks).
 */
export function sshdConfigText(defaults: SshdOptions, overrides: SshdOptions, tail: string): string {
  const replaced = new Set(Object.keys(overrides).map((keyword) => keyword.toLowerCase()));
  const kept = Object.entries(defaults).filter(([keyword]) => !replaced.has(keyword.toLowerCase()));
  const lines = [...kept, ...Object.entries(overrides)].flatMap(([keyword, value]) => {
    const values = value === undefined ? [] : typeof value === "object" ? value : [value];
    return values.map((one) => `${keyword} ${one}`);
  });
  return `${lines.join("\n")}\n${tail}\n`;
}

/** How an ssh_config refers to a lab host. All paths are absolute. */
export interface SshConfigEntry {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly keyFile: string;
  readonly knownHostsFile: string;
  /** The name in `knownHostsFile`, if it is not host and port. */
  readonly hostKeyAlias?: string;
}

/**
 * One `Host` block by which `ssh` (and the extension) logs in without asking. `extra`: further lines, placed first so
 * that they take precedence.
 */
export function sshConfigBlock(alias: string, entry: SshConfigEntry, extra: readonly string[] = []): string {
  const lines = [
    ...extra,
    `HostName ${entry.host}`,
    `Port ${entry.port}`,
    `User ${entry.user}`,
    `IdentityFile "${entry.keyFile}"`,
    "IdentitiesOnly yes",
    ...(entry.hostKeyAlias === undefined ? [] : [`HostKeyAlias ${entry.hostKeyAlias}`]),
    `UserKnownHostsFile "${entry.knownHostsFile}"`,
    "GlobalKnownHostsFile /dev/null",
    "StrictHostKeyChecking yes",
  ];
  return `Host ${alias}\n${lines.map((line) => `  ${line}\n`).join("")}`;
}
