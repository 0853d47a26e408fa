/** Connections, at the top of the Live view. */
import type { Event } from "../../../base/emitter.ts";
import { t } from "../../../base/localize.ts";
import type { MasterSnapshot } from "../../../session/masterSnapshotTypes.ts";
import type { SessionService } from "../../../session/sessionServiceTypes.ts";
import { destinationText } from "../../../text/humanText.ts";
import { isConnected, type RemotePolling } from "../../serverView/remotePolling.ts";
import { contextWords } from "../../settings/contributionIds.ts";
import type { ConnectionNames } from "../connectionNames.ts";
import { Crowding } from "../crowding.ts";
import type { ItemPresenter } from "../itemPresenter.ts";
import { atTop, RowKind } from "../row.ts";
import { connectionTarget, hostTarget, liveTarget } from "../targets.ts";

export interface MasterRowsInit {
  readonly service: SessionService;
  readonly itemPresenter: ItemPresenter;
  readonly names: ConnectionNames;
  readonly polling: Pick<RemotePolling, "isShown" | "onDidChange">;
  readonly access: {
    /** Whether other extensions may use the destination of a connection. */
    opens(master: MasterSnapshot): boolean;
    readonly onDidChange: Event<void>;
  };
}

export function masterRows(init: MasterRowsInit): RowKind<MasterSnapshot> {
  const { service, itemPresenter, polling, names, access } = init;
  const crowding = new Crowding();
  return new RowKind({
    name: "master",
    places: [
      atTop(() => {
        const masters = service.masters();
        names.update(masters.flatMap(({ spec, sessions }) => [spec, ...sessions.map((each) => each.spec)]));
        crowding.update(masters);
        return masters;
      }),
    ],
    key: ({ id }) => id,
    present: (master) => {
      const name = names.connection(master.spec, master.state.kind === "ready");
      const shown = itemPresenter.connection(master, access.opens(master), name);
      const hasLogins = isConnected(master) && polling.isShown(master.id);
      return {
        ...shown,
        accessibleLabel: t("{0}, connection", shown.accessibleLabel),
        contextValue:
          isConnected(master) && !hasLogins
            ? `${shown.contextValue} ${contextWords.loginsHidden}`
            : shown.contextValue,
      };
    },
    targets: ({ id, spec }) => [hostTarget.of(spec), connectionTarget.of(id), liveTarget.of([id])],
    fold: ({ id }, hasRows) => (!hasRows ? undefined : crowding.isOpen(id) ? "expanded" : "collapsed"),
    foldName: ({ spec }) => `connection ${spec}`,
    filterTexts: ({ spec, destination }) => [spec, destinationText(destination)],
    isSubject: true,
    counts: true,
    changes: [service.onDidChange, polling.onDidChange, access.onDidChange],
  });
}
