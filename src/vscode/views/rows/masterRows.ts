/** Connections, at the top of the Live view. */
import type { Clock } from "../../../base/clock.ts";
import type { MasterSnapshot } from "../../../session/masterSnapshotTypes.ts";
import type { SessionService } from "../../../session/sessionServiceTypes.ts";
import { isConnected } from "../../serverView/remotePolling.ts";
import { presentMaster } from "../livePresentation.ts";
import { atTop, RowKind } from "../row.ts";
import { connectionTarget, hostTarget, liveTarget } from "../targets.ts";

export interface MasterRowsInit {
  readonly service: SessionService;
  readonly clock: Clock;
  readonly home: string;
}

export function masterRows({ service, clock, home }: MasterRowsInit): RowKind<MasterSnapshot> {
  return new RowKind({
    name: "master",
    places: [atTop(() => service.masters())],
    key: ({ id }) => id,
    present: (master) => presentMaster(master, clock.now(), home),
    targets: ({ id, spec }) => [hostTarget.of(spec), connectionTarget.of(id), liveTarget.of([id])],
    fold: (master) => (master.sessions.length > 0 || isConnected(master) ? "expanded" : undefined),
    counts: true,
    changes: [service.onDidChange],
  });
}
