import type * as vscode from "vscode";
import type { Clock } from "../base/clock.ts";
import { plural } from "../base/localize.ts";
import type { SessionService } from "../session/sessionServiceTypes.ts";
import { filterMessage } from "../text/filterText.ts";
import type { Feature } from "./features/feature.ts";
import type { RemotePolling } from "./serverView/remotePolling.ts";
import { type ViewId, viewIds } from "./settings/contributionIds.ts";
import { liveSessions } from "./views/connectionConditions.ts";
import { ConnectionNames } from "./views/connectionNames.ts";
import type { FocusedRow } from "./views/focusedRow.ts";
import type { FoldMemory } from "./views/foldMemory.ts";
import type { RowSource } from "./views/row.ts";
import type { RowFilter } from "./views/rowFilter.ts";
import { beforeRow, type EarlierTerminals } from "./views/rows/beforeRow.ts";
import { groupRows } from "./views/rows/groupRows.ts";
import { endedSessionRows, historyRow } from "./views/rows/historyRows.ts";
import { type HostRowsInit, listedHostRows, recentHostsRow, typedHostRows } from "./views/rows/hostRows.ts";
import { type MasterRowsInit, masterRows } from "./views/rows/masterRows.ts";
import { problemRows } from "./views/rows/problemRows.ts";
import {
  type ServerLoginRowsInit,
  serverLoginRows,
  serverNoteRows,
  serverRows,
} from "./views/rows/serverLoginRows.ts";
import { type SessionRowsInit, sessionRows } from "./views/rows/sessionRows.ts";
import { RowTree } from "./views/rowTree.ts";

/** What the rows of the Live view need. A kind's own needs are in its file. */
export interface LiveRowsInit extends Omit<MasterRowsInit & SessionRowsInit, "names">, ServerLoginRowsInit {
  readonly service: SessionService;
  readonly polling: RemotePolling;
  readonly earlier: EarlierTerminals;
  readonly features: readonly Pick<Feature, "liveRows" | "onVisible">[];
}

export interface SideBarInit extends LiveRowsInit, HostRowsInit {
  readonly clock: Clock;
  readonly filter: RowFilter;
  readonly folds: FoldMemory;
  readonly focusedRows: Readonly<Record<ViewId, FocusedRow>>;
  /** The Hosts view is shown. */
  readonly onHostsShown: () => void;
}

/** The rows of the Live view: one entry for each kind. Kinds below the same row appear in this order. */
export function liveRowKinds(init: LiveRowsInit): readonly RowSource[] {
  const { service, earlier, features } = init;
  const names = new ConnectionNames();
  const masters = masterRows({ ...init, names });
  const servers = serverRows(masters, init);
  const history = historyRow(service);
  return [
    beforeRow(earlier),
    masters,
    sessionRows(masters, { ...init, names }),
    ...features.flatMap((feature) => feature.liveRows(masters)),
    servers,
    serverLoginRows(servers, init),
    serverNoteRows(servers, init),
    history,
    endedSessionRows(history, init),
  ];
}

/** The rows of the Hosts view. */
export function hostRowKinds(init: HostRowsInit): readonly RowSource[] {
  const { hosts, home } = init;
  const recent = recentHostsRow(init);
  const groups = groupRows(hosts);
  return [
    problemRows(hosts, home),
    recent,
    groups,
    typedHostRows(init, recent),
    listedHostRows(init, groups),
  ];
}

export function liveView(init: SideBarInit): RowTree {
  const { service, clock, polling, filter, folds, focusedRows, features } = init;
  return new RowTree({
    viewId: viewIds.live,
    kinds: liveRowKinds(init),
    ...{ clock, filter, folds, focused: focusedRows[viewIds.live] },
    filterMessage: (text, count) => filterMessage("connections", text, count),
    refreshDelay: 50,
    showCollapseAll: true,
    ticks: true,
    onVisible: (visible) => {
      polling.setVisible(visible);
      for (const feature of features) {
        feature.onVisible?.(visible);
      }
    },
    badge: () => sessionsBadge(service),
  });
}

export function hostsView(init: SideBarInit): RowTree {
  const { hosts, clock, filter, folds, focusedRows } = init;
  return new RowTree({
    viewId: viewIds.hosts,
    kinds: hostRowKinds(init),
    ...{ clock, filter, folds, focused: focusedRows[viewIds.hosts] },
    filterMessage: (text, count) => filterMessage("hosts", text, count),
    refreshDelay: 100,
    showCollapseAll: true,
    ready: () => hosts.ready(),
    onVisible: (visible) => {
      if (visible) {
        init.onHostsShown();
      }
    },
  });
}

function sessionsBadge(service: SessionService): vscode.ViewBadge | undefined {
  const sessions = service.masters().reduce((sum, master) => sum + liveSessions(master), 0);
  return sessions === 0
    ? undefined
    : { value: sessions, tooltip: plural(sessions, "{0} live SSH session", "{0} live SSH sessions") };
}
