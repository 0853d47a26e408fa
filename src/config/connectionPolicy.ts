import type { SettingsFolder } from "./configPorts.ts";
import type { HostConfig, KeepalivePolicy, LingerPolicy } from "./hostConfig.ts";
import type { HostPolicies } from "./hostPolicies.ts";
import { typedHost } from "./hostSpec.ts";

/** One use of a connection: a resolved alias, opened in a folder. */
export interface ConnectionUse {
  readonly config: HostConfig;
  /** Undefined: no folder has settings of its own. */
  readonly folder?: SettingsFolder | undefined;
}

/** The policies of one use on its own. */
export interface UsePolicy {
  /** What was typed. */
  readonly spec: string;
  /** The folder's name. */
  readonly folder: string | undefined;
  readonly keepalive: KeepalivePolicy;
  readonly linger: LingerPolicy;
  /** The name of the other window that uses the connection. Untrusted; undefined: this window. */
  readonly window?: string;
}

/** The policies of a connection that several aliases and folders share. */
export interface ConnectionPolicy {
  readonly keepalive: KeepalivePolicy;
  readonly linger: LingerPolicy;
  /** The peer never replies to probes: silence alone does not end the connection. */
  readonly ignoreMissingReplies: boolean;
  /** The policies of each use, oldest first. At least one. */
  readonly uses: readonly UsePolicy[];
}

/** Equal for uses that always have the same policies. */
export function useKey({ config, folder }: ConnectionUse): string {
  return JSON.stringify([typedHost(config), folder?.uri ?? null]);
}

/** @param uses at least one. */
export function connectionPolicy(policies: HostPolicies, uses: readonly ConnectionUse[]): ConnectionPolicy {
  const each = uses.map(
    ({ config, folder }): UsePolicy => ({
      spec: typedHost(config),
      folder: folder?.name,
      keepalive: policies.keepalive(config, folder),
      linger: policies.linger(config, folder),
    }),
  );
  return {
    ...joined(each),
    ignoreMissingReplies: uses.some(
      ({ config, folder }) => policies.get("ignoreMissingReplies", config, folder).value,
    ),
  };
}

/** The policy of a connection that others use, too. */
export function withGuests(policy: ConnectionPolicy, guests: readonly UsePolicy[]): ConnectionPolicy {
  return guests.length === 0 ? policy : { ...policy, ...joined([...policy.uses, ...guests]) };
}

function joined(uses: readonly UsePolicy[]): Omit<ConnectionPolicy, "ignoreMissingReplies"> {
  return {
    keepalive: strictestKeepalive(uses.map(({ keepalive }) => keepalive)),
    // Each alias promises that the connection stays for its linger: the longest linger keeps all promises.
    linger: uses
      .map(({ linger }) => linger)
      .reduce((one, other) => (other.seconds > one.seconds ? other : one)),
    uses,
  };
}

/**
 * Probes at the shortest interval, so that NAT and firewalls between keep the connection, and finds a peer dead as
 * soon as the first policy would, but no sooner: the count of that policy is scaled to the interval.
 */
function strictestKeepalive(policies: readonly KeepalivePolicy[]): KeepalivePolicy {
  const strictest = leastBy(policies, secondsToDeath);
  const quickest = leastBy(policies, interval);
  const tcp = leastBy(policies, ({ tcpKeepAlive }) => (tcpKeepAlive ? 0 : 1));
  const isOff = quickest.serverAliveInterval === 0;
  return {
    serverAliveInterval: quickest.serverAliveInterval,
    serverAliveCountMax: isOff
      ? strictest.serverAliveCountMax
      : Math.max(1, Math.floor(secondsToDeath(strictest) / quickest.serverAliveInterval)),
    tcpKeepAlive: tcp.tcpKeepAlive,
    sources: {
      serverAliveInterval: quickest.sources.serverAliveInterval,
      serverAliveCountMax: strictest.sources.serverAliveCountMax,
      tcpKeepAlive: tcp.sources.tcpKeepAlive,
    },
  };
}

/** The first of the policies with the least `measure`. */
function leastBy(
  policies: readonly KeepalivePolicy[],
  measure: (policy: KeepalivePolicy) => number,
): KeepalivePolicy {
  return policies.reduce((one, other) => (measure(other) < measure(one) ? other : one));
}

function interval({ serverAliveInterval }: KeepalivePolicy): number {
  return serverAliveInterval === 0 ? Number.POSITIVE_INFINITY : serverAliveInterval;
}

function secondsToDeath(policy: KeepalivePolicy): number {
  return interval(policy) * policy.serverAliveCountMax;
}
