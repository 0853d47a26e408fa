import { withGuests } from "../config/connectionPolicy.ts";
import type { HostConfig } from "../config/hostConfig.ts";
import { typedHost } from "../config/hostSpec.ts";
import type { EngineConnection } from "../engine/connectionEngine.ts";
import type { ConnectionHealth } from "./connectionHealth.ts";
import type { MasterHolders } from "./masterHolders.ts";
import type { MasterCore, MasterState } from "./masterTypes.ts";

export interface SnapshotParts {
  readonly id: string;
  readonly config: HostConfig;
  readonly engine: string;
  readonly state: MasterState;
  /** Wall-clock milliseconds: when the connection was made, or the attempt started. */
  readonly since: number;
  readonly holders: MasterHolders;
  readonly health: ConnectionHealth;
  readonly connection: EngineConnection | undefined;
}

/** A master as plain frozen data. */
export function masterSnapshot(parts: SnapshotParts): MasterCore {
  const { config, state, connection } = parts;
  const { policy, warnings, overflow } = parts.holders;
  // The window that holds the connection keeps it for all windows, by the strictest of their policies.
  const held = withGuests(policy, connection?.othersUses ?? []);
  const { roundTrips, probesIgnored } = parts.health;
  const info = connection?.info;
  return Object.freeze({
    ...info,
    id: parts.id,
    alias: config.alias,
    spec: typedHost(config),
    destination: Object.freeze({ user: config.user, hostName: config.hostName, port: config.port }),
    via: Object.freeze(config.proxyJump.map((hop) => hop.alias)),
    state,
    since: parts.since,
    lingerUntil: state.kind === "lingering" ? state.until : undefined,
    keepalive: held.keepalive,
    linger: overflow ? undefined : policy.linger,
    uses: held.uses,
    warnings,
    roundTripMs: roundTrips.at(-1),
    roundTrips,
    probesIgnored,
    bytesIn: connection?.bytesIn ?? 0,
    bytesOut: connection?.bytesOut ?? 0,
    engine: info?.engine ?? parts.engine,
    heldBy: connection?.heldBy,
    rides: connection?.rides,
    overflow,
  });
}
