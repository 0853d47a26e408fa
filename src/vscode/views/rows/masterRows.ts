/** Connections, at the top of the Live view. */
import type { Clock } from "../../../base/clock.ts";
import type { Event } from "../../../base/emitter.ts";
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
  readonly access: {
    /** Whether other extensions may use the destination of a connection. */
    opens(master: MasterSnapshot): boolean;
    readonly onDidChange: Event<void>;
  };
}

export function masterRows({
  service,
  clock,
  home,
  polling,
  access,
}: MasterRowsInit): RowKind<MasterSnapshot> {
  return new RowKind({
    name: "master",
    places: [atTop(() => service.masters())],
    key: ({ id }) => id,
    present: (master) => {
      const presentation = presentMaster(master, clock.now(), home, access.opens(master));
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
    changes: [service.onDidChange, polling.onDidChange, access.onDidChange],
  });
}
