/** The `ssh` command that does what we do, for pasting into a shell. No vscode. */
import type { HostEntry } from "../config/configPorts.ts";
import type { HostConfig, JumpHop } from "../config/hostConfig.ts";
import { shellQuote } from "../session/run/remoteCommand.ts";

/**
 * @param host as typed.
 * @param entry how the host is listed; undefined when it is not.
 * @param config what it resolves to.
 * @param configFile `sshSessions.configFile` with `~` expanded, or empty.
 */
export function sshCommandLine(
  host: string,
  entry: HostEntry | undefined,
  config: HostConfig,
  configFile: string,
): string {
  const file = configFile === "" ? [] : ["-F", configFile];
  if (entry?.source === "sshConfig" && entry.alias === host) {
    return words(["ssh", ...file, host]);
  }
  // ssh does not read our settings: what they add is spelled out.
  return words([
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

function words(list: readonly string[]): string {
  return list.map(shellQuote).join(" ");
}
