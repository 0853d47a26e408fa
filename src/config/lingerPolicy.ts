import type { SettingsPort } from "./configPorts.ts";
import type { HostConfig, ValueSource } from "./hostConfig.ts";
import { hostSetting } from "./hostSettings.ts";

/** Seconds, where nothing is set. */
export const defaultLinger = 600;

export interface LingerPolicy {
  /** How long a master stays after its last session; 0: leaves at once, Infinity: stays. */
  readonly seconds: number;
  readonly source: ValueSource;
}

/**
 * The first that is set and valid, what says more about this host before what says less, as for keepalive: entry in
 * `sshSessions.hosts`, workspace (folder) setting, ssh_config's ControlPersist, user setting, default. In settings
 * -1 means that the master stays.
 */
export function effectiveLinger(
  config: HostConfig,
  settings: Pick<SettingsPort, "hosts" | "linger">,
): LingerPolicy {
  const forHost = hostSetting(settings.hosts, config.alias, "linger", isLinger);
  if (forHost !== undefined) {
    return { seconds: inSeconds(forHost.value), source: { kind: "hostSetting", pattern: forHost.pattern } };
  }
  const { seconds, source } = settings.linger;
  const isValid = source.kind !== "default" && isLinger(seconds);
  if (isValid && !(source.kind === "setting" && source.layer === "user")) {
    return { seconds: inSeconds(seconds), source };
  }
  if (config.controlPersist !== undefined) {
    return {
      seconds: config.controlPersist,
      source: config.sources.get("controlpersist") ?? { kind: "sshConfig" },
    };
  }
  return isValid
    ? { seconds: inSeconds(seconds), source }
    : { seconds: defaultLinger, source: { kind: "default" } };
}

function isLinger(value: unknown): boolean {
  return typeof value === "number" && (value === -1 || value >= 0);
}

function inSeconds(value: number): number {
  return value === -1 ? Number.POSITIVE_INFINITY : value;
}
