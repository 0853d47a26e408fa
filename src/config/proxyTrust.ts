import { ConfigError } from "./configErrors.ts";
import type { SettingsPort } from "./configPorts.ts";
import type { HostConfig } from "./hostConfig.ts";

/**
 * The ProxyCommand of a host, checked before it is run. A workspace can name the ssh_config that contains the
 * command, so an untrusted workspace runs none.
 * @throws ConfigError `not-allowed`
 */
export function trustedProxyCommand(config: HostConfig, settings: Pick<SettingsPort, "isTrusted">): string {
  if (!settings.isTrusted) {
    throw new ConfigError("not-allowed", "A ProxyCommand runs in trusted workspaces only");
  }
  return config.proxyCommand ?? "";
}
