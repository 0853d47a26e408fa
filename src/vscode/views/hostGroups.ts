/** The groups of hosts in the Hosts view. No vscode. */
import { basename, join } from "node:path";
import type { HostEntry } from "../../config/configPorts.ts";
import type { HostPolicies } from "../../config/hostPolicies.ts";
import { expandHome } from "../../text/valueSourceText.ts";

/**
 * The `group` of a host's entry in `sshSessions.hosts`; otherwise, if the setting asks for it, its file if that is
 * included.
 */
export function hostGroups(
  policies: Pick<HostPolicies, "get">,
  settings: { readonly configFile: string; readonly groupsHostsByFile: boolean },
  home: string,
): (entry: HostEntry) => string | undefined {
  return ({ alias, file }) => {
    const group = policies.get("group", { alias }).value?.trim();
    if (group !== undefined || file === undefined || !settings.groupsHostsByFile) {
      return group;
    }
    const main =
      settings.configFile === "" ? join(home, ".ssh", "config") : expandHome(settings.configFile, home);
    return file === main ? undefined : basename(file).replace(/\.(?:conf|config|cfg)$/, "");
  };
}
