import type { SettingsFolder } from "../config/configPorts.ts";
import type { HostConfig } from "../config/hostConfig.ts";
import type { HostPolicies } from "../config/hostPolicies.ts";

/** A host's configuration of its forwards. */
export interface ForwardRules {
  readonly gatewayPorts: boolean;
  /** The umask of a unix socket, and whether a socket in its place is removed. */
  readonly bindMask: number;
  readonly unlink: boolean;
  /** AddressFamily, which applies to listeners, too. */
  readonly addressFamily: HostConfig["addressFamily"];
  /** PermitRemoteOpen, `host:port` patterns; undefined: anything. */
  readonly permitted: readonly string[] | undefined;
  /** A forward keeps its connection open. */
  readonly keepsConnection: boolean;
  /** It reconnects after a loss without a request by the user. */
  readonly automatic: boolean;
}

export function forwardRules(
  policies: HostPolicies,
  config: HostConfig,
  folder: SettingsFolder | undefined,
): ForwardRules {
  const { forwarding } = config;
  return {
    gatewayPorts: forwarding.gatewayPorts,
    bindMask: forwarding.streamLocalBindMask,
    unlink: forwarding.streamLocalBindUnlink,
    addressFamily: config.addressFamily,
    permitted: forwarding.permitRemoteOpen,
    keepsConnection: policies.get("forwardsKeepConnection", config, folder).value,
    automatic: policies.get("reconnect", config, folder).value === "auto",
  };
}
