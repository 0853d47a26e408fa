import type { ConnectionUse } from "./connectionPolicy.ts";
import type { HostConfig } from "./hostConfig.ts";
import type { HostPolicies } from "./hostPolicies.ts";
import type { Keyword } from "./keywordTable.ts";

export type EngineName = "ssh2" | "openssh";

/** What the choice depends on besides settings and ssh_config. */
export interface EngineFacts {
  readonly platform: NodeJS.Platform;
  /** There is a valid Kerberos ticket. */
  hasTicket(): boolean;
  /** The user has chosen OpenSSH for this host, after a login for which ssh2 lacks an algorithm. */
  needsOpenSsh(config: HostConfig): boolean;
}

/** What only OpenSSH's own `ssh` can log in with, where the user's own file asks for it. */
const onlyOpenSsh: ReadonlySet<Keyword> = new Set(["pkcs11provider", "hostbasedauthentication"]);

/**
 * The engine that connects a host. `auto`: ssh2, and openssh where the user's own ssh_config asks for a login that ssh2
 * can't do. Values of the system's file don't count (Debian sets GSSAPIAuthentication for every host), and neither does
 * GSSAPI without a ticket. A host with ForwardAgent stays on ssh2: a master forwards no agent for a proxy client.
 */
export function engineFor(
  policies: HostPolicies,
  { config, folder }: ConnectionUse,
  facts: EngineFacts,
): EngineName {
  const choice = policies.get("engine", config, folder).value;
  if (choice !== "auto") {
    return choice;
  }
  const isPossible = facts.platform !== "win32" && config.forwardAgent === false;
  return isPossible && (asksForOpenSsh(config, facts) || facts.needsOpenSsh(config)) ? "openssh" : "ssh2";
}

function asksForOpenSsh(config: HostConfig, { hasTicket }: EngineFacts): boolean {
  return userSets(config, (keyword) => onlyOpenSsh.has(keyword)) || (asksForGssapi(config) && hasTicket());
}

/** The user's own file sets GSSAPIAuthentication. */
export function asksForGssapi(config: HostConfig): boolean {
  return userSets(config, (keyword) => keyword === "gssapiauthentication");
}

function userSets({ warnings }: HostConfig, accept: (keyword: Keyword) => boolean): boolean {
  return warnings.some(
    (warning) => warning.kind === "keyword" && !warning.isSystemWide && accept(warning.keyword),
  );
}
