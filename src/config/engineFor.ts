import type { ConnectionUse } from "./connectionPolicy.ts";
import type { HostConfig } from "./hostConfig.ts";
import type { HostPolicies } from "./hostPolicies.ts";
import type { Keyword } from "./keywordTable.ts";

/** What only OpenSSH's own `ssh` can log in with, where the user's own file asks for it. */
const onlyOpenSsh: ReadonlySet<Keyword> = new Set(["pkcs11provider", "hostbasedauthentication"]);

/**
 * The engine that connects a host. `auto`: ssh2, and openssh where the user's own ssh_config asks for a login that ssh2
 * can't do. What the machine's administrator sets for everybody is no such question, and neither is one of a host with
 * ForwardAgent, since no agent is forwarded through a proxy client of a master.
 */
export function engineFor(policies: HostPolicies, { config, folder }: ConnectionUse): "ssh2" | "openssh" {
  const choice = policies.get("engine", config, folder).value;
  return choice === "auto" ? (needsOpenSsh(config) ? "openssh" : "ssh2") : choice;
}

function needsOpenSsh({ forwardAgent, warnings }: HostConfig): boolean {
  return (
    process.platform !== "win32" &&
    forwardAgent === false &&
    warnings.some(
      (warning) => warning.kind === "keyword" && !warning.isSystemWide && onlyOpenSsh.has(warning.keyword),
    )
  );
}
