import type { KeepaliveLayer, KeepaliveResolver, SettingsPort } from "./configPorts.ts";
import type { HostConfig, KeepalivePolicy, ValueSource } from "./hostConfig.ts";
import { hostSetting } from "./hostSettings.ts";

/** Where nothing is set. OpenSSH's own interval is 0; an idle terminal should outlive a NAT's memory. */
export const defaultKeepalive: Required<KeepaliveLayer> = {
  serverAliveInterval: 30,
  serverAliveCountMax: 3,
  tcpKeepAlive: true,
};

/** Reads the settings anew at every call, so that a changed setting counts at once. */
export function createKeepaliveResolver(settings: SettingsPort): KeepaliveResolver {
  return { effective: (config) => effectiveKeepalive(config, settings) };
}

/**
 * Of each value the first that is set and valid: entry in `sshSessions.hosts`, workspace folder, workspace, ssh_config
 * for this host, user setting, default. Invalid settings count as not set.
 */
export function effectiveKeepalive(config: HostConfig, settings: SettingsPort): KeepalivePolicy {
  const { serverAliveInterval, serverAliveCountMax, tcpKeepAlive } = defaultKeepalive;
  const interval = decide(config, settings, "serverAliveInterval", isInterval, serverAliveInterval);
  const countMax = decide(config, settings, "serverAliveCountMax", isCount, serverAliveCountMax);
  const tcp = decide(config, settings, "tcpKeepAlive", isBoolean, tcpKeepAlive);
  return {
    serverAliveInterval: interval.value,
    serverAliveCountMax: countMax.value,
    tcpKeepAlive: tcp.value,
    sources: {
      serverAliveInterval: interval.source,
      serverAliveCountMax: countMax.source,
      tcpKeepAlive: tcp.source,
    },
  };
}

interface Decision<V> {
  readonly value: V;
  readonly source: ValueSource;
}

function decide<V>(
  config: HostConfig,
  settings: SettingsPort,
  key: keyof KeepaliveLayer,
  isValid: (value: unknown) => value is V,
  otherwise: V,
): Decision<V> {
  const decision = (value: unknown, source: ValueSource): Decision<V> | undefined =>
    isValid(value) ? { value, source } : undefined;
  const ofLayer = (layer: "workspaceFolder" | "workspace" | "user"): Decision<V> | undefined =>
    decision(settings.keepalive(layer)[key], {
      kind: "setting",
      setting: `sshSessions.keepalive.${key}`,
      layer,
    });
  const ofHost = hostSetting(settings.hosts, config.alias, key, isValid);
  return (
    (ofHost && decision(ofHost.value, { kind: "hostSetting", pattern: ofHost.pattern })) ??
    ofLayer("workspaceFolder") ??
    ofLayer("workspace") ??
    decision(config[key], config.sources.get(key.toLowerCase()) ?? { kind: "sshConfig" }) ??
    ofLayer("user") ?? { value: otherwise, source: { kind: "default" } }
  );
}

function isInterval(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0;
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 1;
}

function isBoolean(value: unknown): value is boolean {
  return typeof value === "boolean";
}
