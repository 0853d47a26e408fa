/** The `ssh` command that does what we do, for pasting into a shell. No vscode. */
import type { HostEntry } from "../config/configPorts.ts";
import type { HostConfig, JumpHop } from "../config/hostConfig.ts";

/**
 * @param host as typed.
 * @param entry how the host is listed; undefined when it is not.
 * @param config what it resolves to.
 * @param configFile `sshSessions.configFile`, or empty.
 */
export function sshCommandLine(
  host: string,
  entry: HostEntry | undefined,
  config: HostConfig,
  configFile: string,
): string {
  const file = configFile === "" ? [] : ["-F", configFile];
  if (entry?.source === "sshConfig" && entry.alias === host) {
    return line(["ssh", ...file, host]);
  }
  // ssh does not read our settings: what they add is spelled out.
  return line([
    "ssh",
    ...file,
    ...(config.proxyJump.length === 0 ? [] : ["-J", config.proxyJump.map(hop).join(",")]),
    ...(config.port === 22 ? [] : ["-p", String(config.port)]),
    `${config.user}@${config.hostName}`,
  ]);
}

function hop({ alias, user, port }: JumpHop): string {
  const host = alias.includes(":") ? `[${alias}]` : alias;
  return `${user === undefined ? "" : `${user}@`}${host}${port === undefined ? "" : `:${port}`}`;
}

function line(words: readonly string[]): string {
  return words.map(quoted).join(" ");
}

/** As one word of a POSIX shell. A leading `~` stays, so that the shell expands it. */
function quoted(word: string): string {
  return /^[\w@%+=:,./~-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
