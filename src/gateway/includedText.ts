import type { HostSpec } from "../config/hostSpec.ts";
import { nowFile } from "../share/servedMark.ts";
import { GatewayError } from "./gatewayError.ts";
import { gatewayKeyAlias } from "./gatewayKey.ts";
import { includeScriptNames } from "./includeScripts.ts";
import { gatewayAlgorithms } from "./serverTransport.ts";

/** The characters that the scripts accept in a name: none of a shell, of a pattern, or of a token of ssh_config. */
const plainPart = /^[A-Za-z0-9._@:+-]{1,100}$/;

/** What a path must not contain: it stands in quotes of a shell in quotes of ssh_config, and in an `Include`. */
const unusable = /[\p{Cc}'"\\%$`!*?[\]{}~]/u;

/** OpenSSH before 8.0 cut a line at 4096 bytes (readconf.c). */
const longestLine = 4000;

export interface IncludedTextInit {
  /** The folder of the included files. */
  readonly folder: string;
  /** Of the gateway, or of a master of `ssh`. */
  readonly socket: string;
  /** The `-F` of the user's command line; empty: none. */
  readonly configFile: string;
  readonly hosts: readonly HostSpec[];
  /** Of the gateway's key. Undefined: the socket is one of a master of `ssh`. */
  readonly knownHosts: string | undefined;
}

/** @throws GatewayError `unusable-path` */
export function requireUsablePath(path: string): void {
  if (unusable.test(path)) {
    throw new GatewayError("unusable-path", `ssh_config can't hold this path: ${JSON.stringify(path)}`);
  }
}

/**
 * The included file for one connection: a block for each name of its host. ssh takes the first value that it finds for
 * a keyword, so a block holds every keyword with which the user's own values could prevent the use of the gateway.
 * Empty: no host has a name that the scripts accept.
 * @throws GatewayError `unusable-path`
 */
export function includedText(init: IncludedTextInit): string {
  const { folder, socket, configFile, hosts } = init;
  for (const path of [folder, socket, configFile]) {
    requireUsablePath(path);
  }
  const byAlias = new Map<string, string[]>();
  for (const { alias, user, port } of hosts) {
    if (plainPart.test(alias) && (user === undefined || plainPart.test(user))) {
      const served = byAlias.get(alias) ?? [];
      served.push([alias, user ?? "", port ?? ""].join(","));
      byAlias.set(alias, served);
    }
  }
  const blocks = [...byAlias].flatMap(([alias, served]) => {
    const now = init.knownHosts === undefined ? "" : nowFile(socket);
    const words = [`${folder}/${includeScriptNames.probe}`, socket, now, configFile, ...served];
    // A fish, csh or zsh runs it as well. Without exec, another shell than ssh would be the parent.
    const condition = `exec /bin/sh ${words.map((word) => `'${word}'`).join(" ")}`;
    const match = `Match originalhost ${alias} exec "${condition}"`;
    return match.length > longestLine ? [] : [match, ...keywords(init).map((line) => `  ${line}`)];
  });
  return blocks.length === 0 ? "" : [...head, ...blocks, ""].join("\n");
}

const head = [
  "# Written by the extension SSH Sessions, and removed when its connection ends. An Include of your ssh_config",
  "# reads it, so that ssh uses that connection. Changes are lost.",
];

function keywords({ folder, socket, knownHosts }: IncludedTextInit): readonly string[] {
  if (knownHosts === undefined) {
    return [`ControlPath "${socket}"`, "ControlMaster no"];
  }
  return [
    `ProxyCommand /bin/sh '${folder}/${includeScriptNames.connect}' '${socket}'`,
    "ProxyUseFdpass no",
    "ControlMaster no",
    "ControlPath none",
    `HostKeyAlias ${gatewayKeyAlias}`,
    `UserKnownHostsFile "${folder}/${knownHosts}"`,
    "GlobalKnownHostsFile /dev/null",
    "StrictHostKeyChecking yes",
    "CheckHostIP no",
    "VerifyHostKeyDNS no",
    "UpdateHostKeys no",
    "VisualHostKey no",
    // The default list, without what does not exist: no version of OpenSSH accepts the names of all methods.
    "KexAlgorithms -none",
    `HostKeyAlgorithms ${gatewayAlgorithms.hostKey}`,
    `Ciphers ${gatewayAlgorithms.cipher}`,
    "Compression no",
    // The gateway needs no login, so no agent and no security key is asked.
    "PubkeyAuthentication no",
  ];
}
