/** The `ssh` command with the same effect, to be pasted into a terminal. No vscode. */
import type { HostConfig } from "../config/hostConfig.ts";
import { formatHostSpec } from "../config/hostSpec.ts";
import { type LocalShell, quoteFor } from "./localShell.ts";

export interface SshCommandRequest {
  /** The resolved host. */
  readonly config: HostConfig;
  /** The resolved jump hosts, in the order of `config.proxyJump`. */
  readonly hops: readonly HostConfig[];
  /** `sshSessions.configFile` with `~` expanded, or empty. */
  readonly configFile: string;
}

/**
 * The words of the command. `ssh` reads the same files, so only values from elsewhere are included: the typed ones,
 * and those of `sshSessions.hosts`. No word can be taken for an option: each value follows its own option, and the
 * host follows `--`.
 */
export function sshCommandWords({ config, hops, configFile }: SshCommandRequest): readonly string[] {
  const jump = hops.some((hop) => ["hostname", "user", "port"].some((keyword) => isFromSetting(hop, keyword)))
    ? hops.map((hop, index) => hopText(hop, config.proxyJump[index]))
    : [];
  return [
    "ssh",
    ...(configFile === "" ? [] : ["-F", configFile]),
    ...(jump.length === 0 ? [] : ["-J", jump.join(",")]),
    ...(isOurs(config, "user") ? ["-l", config.user] : []),
    ...(isOurs(config, "port") ? ["-p", String(config.port)] : []),
    ...(isOurs(config, "hostname") ? ["-o", `HostName=${config.hostName}`] : []),
    "--",
    config.alias,
  ];
}

/** The words as a line for `shell`. Undefined where that shell can't express one of them. */
export function sshCommandLine(request: SshCommandRequest, shell: LocalShell): string | undefined {
  const words = sshCommandWords(request).map((word) => quoteFor(shell, word));
  return words.every((word) => word !== undefined) ? words.join(" ") : undefined;
}

function isFromSetting({ sources }: HostConfig, keyword: string): boolean {
  return sources.get(keyword)?.kind === "hostSetting";
}

function isOurs(config: HostConfig, keyword: string): boolean {
  return isFromSetting(config, keyword) || config.sources.get(keyword)?.kind === "commandLine";
}

/** A hop whose name only our settings know is written out; `ssh` knows any other by its name. */
function hopText(hop: HostConfig, named: HostConfig["proxyJump"][number] | undefined): string {
  return isFromSetting(hop, "hostname") || isFromSetting(hop, "user") || isFromSetting(hop, "port")
    ? formatHostSpec({ alias: hop.hostName, user: hop.user, port: hop.port })
    : formatHostSpec(named ?? { alias: hop.alias });
}
