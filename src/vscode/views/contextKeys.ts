import * as vscode from "vscode";
import type { Clock } from "../../base/clock.ts";
import { type Disposable, DisposableStore } from "../../base/disposable.ts";
import type { SessionService } from "../../session/sessionServiceTypes.ts";
import { contextKeys } from "../settings/contributionIds.ts";
import { Coalescer } from "./coalescer.ts";
import { canReconnect, isReconnecting, liveSessions } from "./connectionConditions.ts";
import type { HostList } from "./hostList.ts";
import type { RowFilter } from "./rowFilter.ts";
import type { EarlierTerminals } from "./rows/beforeRow.ts";
import { isLimited } from "./sessionPresentation.ts";

const refreshDelay = 50;

/** Keeps the context keys up to date, so that the palette offers to end things only when there are some. */
export function maintainContextKeys(
  service: Pick<SessionService, "masters" | "history" | "onDidChange">,
  earlier: EarlierTerminals,
  filter: Pick<RowFilter, "isOn" | "onDidChange">,
  hosts: Pick<HostList, "hosts" | "onDidChange" | "onDidRead">,
  clock: Clock,
): Disposable {
  const store = new DisposableStore();
  const shown = new Map<string, boolean>();
  const set = (key: string, value: boolean): void => {
    if (shown.get(key) !== value) {
      shown.set(key, value);
      void vscode.commands.executeCommand("setContext", key, value);
    }
  };
  const update = (): void => {
    const masters = service.masters();
    set(contextKeys.isFiltered, filter.isOn);
    const { typed, listed } = hosts.hosts();
    set(contextKeys.hasHosts, typed.length + listed.length > 0);
    set(contextKeys.hasTerminalsBefore, earlier.before.length > 0);
    set(contextKeys.hasMasters, masters.length > 0);
    set(
      contextKeys.hasEnded,
      service.history().length > 0 || masters.some(({ state }) => state.kind === "lost"),
    );
    set(contextKeys.isReconnecting, masters.some(isReconnecting));
    set(contextKeys.canReconnect, masters.some(canReconnect));
    const openTerminals = masters.map(
      ({ sessions }) =>
        sessions.filter(({ kind, state }) => kind === "terminal" && state.kind === "open").length,
    );
    set(
      contextKeys.hasOpenTerminal,
      openTerminals.some((count) => count > 0),
    );
    set(
      contextKeys.sharesConnection,
      openTerminals.some((count) => count > 1),
    );
    set(
      contextKeys.hasLimits,
      masters.some(({ sessions }) => sessions.some(isLimited)),
    );
    set(
      contextKeys.hasSessions,
      masters.some((master) => liveSessions(master) > 0),
    );
  };
  const refresh = store.add(new Coalescer(clock, refreshDelay, update));
  store.add(earlier.onDidChange(() => refresh.request()));
  store.add(service.onDidChange(() => refresh.request()));
  store.add(filter.onDidChange(() => refresh.request()));
  store.add(hosts.onDidChange(() => refresh.request()));
  store.add(
    hosts.onDidRead(() => {
      set(contextKeys.hostsAreRead, true);
      refresh.request();
    }),
  );
  set(contextKeys.loaded, true);
  update();
  return store;
}
