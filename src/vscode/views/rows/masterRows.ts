/** Connections, at the top of the Live view. */
import type { Clock } from "../../../base/clock.ts";
import type { MasterSnapshot } from "../../../session/masterSnapshotTypes.ts";
import type { SessionService } from "../../../session/sessionServiceTypes.ts";
import { isConnected, type RemotePolling } from "../../serverView/remotePolling.ts";
import { contextWords } from "../../settings/contributionIds.ts";
import { presentMaster } from "../livePresentation.ts";
import { atTop, RowKind } from "../row.ts";
import { connectionTarget, hostTarget, liveTarget } from "../targets.ts";

export interface MasterRowsInit {
  readonly service: SessionService;
  readonly clock: Clock;
  readonly home: string;
  readonly polling: Pick<RemotePolling, "isShown" | "onDidChange">;
}

export function masterRows({ service, clock, home, polling }: MasterRowsInit): RowKind<MasterSnapshot> {
  return new RowKind({
    name: "master",
    places: [atTop(() => service.masters())],
    key: ({ id }) => id,
    present: (master) => {
      const presentation = presentMaster(master, clock.now(), home);
      return isConnected(master) && !polling.isShown(master.id)
        ? { ...presentation, contextValue: `${presentation.contextValue} ${contextWords.loginsHidden}` }
        : presentation;
    },
    targets: ({ id, spec }) => [hostTarget.of(spec), connectionTarget.of(id), liveTarget.of([id])],
    fold: (master) =>
      master.sessions.length > 0 || (isConnected(master) && polling.isShown(master.id))
        ? "expanded"
        : undefined,
    counts: true,
    changes: [service.onDidChange, polling.onDidChange],
  });
}
