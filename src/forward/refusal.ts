import type { Event } from "../base/emitter.ts";
import type { ConnectionUse } from "../config/connectionPolicy.ts";
import type { ForwardSpec } from "../config/forwardSpec.ts";
import type { EngineConnection } from "../engine/connectionEngine.ts";
import { ForwardError } from "../engine/engineErrors.ts";
import type { ForwardOrigin, ForwardState } from "./forwardTypes.ts";
import { portOwner } from "./portOwner.ts";

/** The part of the registry that is needed here. */
export interface RiddenConnections {
  readonly masters: readonly {
    readonly key: string;
    readonly connection: Pick<EngineConnection, "rides" | "ended" | "onDidClose"> | undefined;
  }[];
  keyOf(use: ConnectionUse): string;
}

export interface Refusal {
  readonly state: ForwardState;
  /** The state holds until then. */
  readonly onDidEnd?: Event<unknown>;
}

/** Whether another program has the port. */
export function isPortTaken(error: Error): boolean {
  return ForwardError.is(error) && error.reason === "port-taken";
}

/** Whether both name the same program. */
export function isSameRefusal(one: ForwardState, other: ForwardState): boolean {
  return (
    one.kind === "refused" &&
    other.kind === "refused" &&
    one.error === other.error &&
    one.owner?.pid === other.owner?.pid
  );
}

/**
 * The state of a forward that does not listen. The user's own `ssh` makes the forwards of ssh_config when it becomes a
 * master. While its connection is used for the same destination, its port is in use as the user wants it.
 */
export async function refusal(
  error: Error,
  forward: {
    readonly spec: ForwardSpec;
    readonly origins: readonly ForwardOrigin[];
    readonly use: ConnectionUse;
  },
  connections: RiddenConnections,
  since: number,
  ownerOf: typeof portOwner = portOwner,
): Promise<Refusal> {
  const { spec, origins, use } = forward;
  const { listen } = spec;
  const isTaken = isPortTaken(error) && listen.type === "tcp";
  const owner = isTaken ? await ownerOf(listen.port) : undefined;
  const isConfigured = spec.kind !== "remote" && origins.some(({ kind }) => kind === "sshConfig");
  if (owner !== undefined && isConfigured) {
    const key = connections.keyOf(use);
    const used = connections.masters.find(
      (master) => master.key === key && master.connection?.rides?.pid === owner.pid,
    );
    if (used?.connection !== undefined && used.connection.ended === undefined) {
      return { state: { kind: "stopped", since, servedBy: owner }, onDidEnd: used.connection.onDidClose };
    }
  }
  return { state: { kind: "refused", since, error, ...(owner && { owner }) } };
}
