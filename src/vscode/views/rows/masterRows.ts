/** Connections, at the top of the Live view. */
import type { Clock } from "../../../base/clock.ts";
import type { Event } from "../../../base/emitter.ts";
import { plural, t } from "../../../base/localize.ts";
import { printable } from "../../../base/log.ts";
import type { ForwardService } from "../../../forward/forwardService.ts";
import type { MasterSnapshot } from "../../../session/masterSnapshotTypes.ts";
import type { SessionService } from "../../../session/sessionServiceTypes.ts";
import type { ProgramSharing } from "../../../share/programSharing.ts";
import type { ProgramSnapshot } from "../../../share/programTypes.ts";
import { destinationText } from "../../../text/humanText.ts";
import { isConnected, type RemotePolling } from "../../serverView/remotePolling.ts";
import { contextWords } from "../../settings/contributionIds.ts";
import type { ConnectionNames } from "../connectionNames.ts";
import { Crowding } from "../crowding.ts";
import type { FoldMemory } from "../foldMemory.ts";
import { presentMaster } from "../livePresentation.ts";
import { atTop, RowKind } from "../row.ts";
import { connectionTarget, hostTarget, liveTarget } from "../targets.ts";

export interface MasterRowsInit {
  readonly service: SessionService;
  readonly clock: Clock;
  readonly home: string;
  readonly names: ConnectionNames;
  readonly folds: Pick<FoldMemory, "isOpen">;
  readonly polling: Pick<RemotePolling, "isShown" | "onDidChange">;
  readonly access: {
    /** Whether other extensions may use the destination of a connection. */
    opens(master: MasterSnapshot): boolean;
    readonly onDidChange: Event<void>;
  };
  readonly forwards: Pick<ForwardService, "forwards" | "onDidChange">;
  readonly programs: Pick<ProgramSharing, "programs" | "onDidChange">;
}

const foldName = ({ spec }: MasterSnapshot): string => `connection ${spec}`;

export function masterRows(init: MasterRowsInit): RowKind<MasterSnapshot> {
  const { service, clock, home, polling, names, folds, access, forwards, programs } = init;
  const crowding = new Crowding();
  const programsOf = ({ id }: MasterSnapshot): readonly ProgramSnapshot[] =>
    programs.programs().filter(({ masterId }) => masterId === id);
  return new RowKind({
    name: "master",
    places: [
      atTop(() => {
        const masters = service.masters();
        names.update(masters.map(({ spec }) => spec));
        crowding.update(masters);
        return masters;
      }),
    ],
    key: ({ id }) => id,
    present: (master) => {
      const shown = presentMaster(master, clock.now(), home, access.opens(master));
      const isOpen = folds.isOpen(foldName(master)) ?? crowding.isOpen(master.id);
      const programCount = programsOf(master).length;
      const counts = [
        ...(master.sessions.length > 0
          ? [plural(master.sessions.length, "{0} session", "{0} sessions")]
          : []),
        ...(programCount > 0 ? [plural(programCount, "{0} program", "{0} programs")] : []),
      ];
      const hasLogins = isConnected(master) && polling.isShown(master.id);
      return {
        ...shown,
        label: printable(names.connection(master.spec)),
        accessibleLabel: t("{0}, connection", shown.accessibleLabel),
        description: [...(isOpen ? [] : counts), shown.description].join(" · "),
        contextValue:
          isConnected(master) && !hasLogins
            ? `${shown.contextValue} ${contextWords.loginsHidden}`
            : shown.contextValue,
      };
    },
    targets: ({ id, spec }) => [hostTarget.of(spec), connectionTarget.of(id), liveTarget.of([id])],
    fold: (master) =>
      master.sessions.length > 0 ||
      forwards.forwards().some(({ masterId }) => masterId === master.id) ||
      programsOf(master).length > 0 ||
      (isConnected(master) && polling.isShown(master.id))
        ? crowding.isOpen(master.id)
          ? "expanded"
          : "collapsed"
        : undefined,
    foldName,
    filterTexts: ({ spec, destination }) => [spec, destinationText(destination)],
    isSubject: true,
    counts: true,
    changes: [
      service.onDidChange,
      polling.onDidChange,
      access.onDidChange,
      forwards.onDidChange,
      programs.onDidChange,
    ],
  });
}
