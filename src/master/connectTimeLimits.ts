import type { HostConfig } from "../config/hostConfig.ts";

/** Seconds for a connection or a channel where ssh_config sets no ConnectTimeout. */
const defaultOpenTimeout = 30;

/** Milliseconds that an unattended login waits for a silent server or ProxyCommand. */
export const unattendedSilence = 60_000;
const unattendedProxy = 120_000;

/**
 * From the first packet to the end of the key exchange, in milliseconds. Without ConnectTimeout `ssh` waits for a
 * ProxyCommand without limit; so does an attended login, which can be cancelled.
 */
export function connectTimeLimit(config: HostConfig, attended: boolean): number {
  return config.proxyCommand !== undefined && config.connectTimeout === undefined
    ? attended
      ? Number.POSITIVE_INFINITY
      : unattendedProxy
    : openTimeLimit(config);
}

/**
 * How long a server may be silent while a channel opens, in milliseconds. ConnectTimeout is about the connection
 * (ssh_config(5)), but a longer one means that the server is slow, so channels get as long. `startLimit` is for the
 * first session, for which `ssh` waits without limit; so does an open that can be cancelled.
 */
export function channelLimits(
  config: HostConfig,
  attended: boolean,
): { readonly silenceLimit: number; readonly startLimit: number } {
  return {
    silenceLimit: Math.max(defaultOpenTimeout * 1000, openTimeLimit(config)),
    startLimit: attended ? Number.POSITIVE_INFINITY : unattendedSilence,
  };
}

function openTimeLimit({ connectTimeout = defaultOpenTimeout }: HostConfig): number {
  return connectTimeout === 0 ? Number.POSITIVE_INFINITY : connectTimeout * 1000;
}
