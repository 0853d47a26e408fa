/** How the last sessions ended, in one fold. */
import { printable } from "../../../base/log.ts";
import type { SessionService } from "../../../session/sessionServiceTypes.ts";
import type { SessionSnapshot } from "../../../session/sessionTypes.ts";
import { ConnectionNames } from "../connectionNames.ts";
import { endedName, presentHistory } from "../historyPresentation.ts";
import type { ItemPresenter } from "../itemPresenter.ts";
import { atTop, RowKind, under } from "../row.ts";
import { hostTarget, sessionTarget } from "../targets.ts";

/** The fold. */
export function historyRow(
  service: Pick<SessionService, "masters" | "history" | "onDidChange">,
): RowKind<readonly SessionSnapshot[]> {
  return new RowKind({
    name: "history",
    places: [
      atTop(() => {
        // One that waits to reconnect is below its connection.
        const waiting = new Set(service.masters().flatMap(({ sessions }) => sessions.map(({ id }) => id)));
        const ended: readonly SessionSnapshot[] = service.history().filter(({ id }) => !waiting.has(id));
        return ended.length === 0 ? [] : [ended];
      }),
    ],
    key: () => "history",
    present: presentHistory,
    targets: () => [],
    fold: () => "collapsed",
    foldName: () => "history",
    changes: [service.onDidChange],
  });
}

/** An ended session. */
export function endedSessionRows(
  history: RowKind<readonly SessionSnapshot[]>,
  { itemPresenter }: { readonly itemPresenter: ItemPresenter },
): RowKind<SessionSnapshot> {
  const names = new ConnectionNames();
  return new RowKind({
    name: "endedSession",
    places: [
      under(history, (ended) => {
        names.update(ended.map(({ spec }) => spec));
        return ended;
      }),
    ],
    key: ({ id }) => `ended ${id}`,
    present: (session) => ({
      ...itemPresenter.endedSession(session),
      label: printable(names.session(endedName(session), session.spec)),
    }),
    filterTexts: ({ title, spec }) => [title, spec],
    targets: ({ id, spec }) => [hostTarget.of(spec), sessionTarget.of(id)],
  });
}
