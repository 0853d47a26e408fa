/** How the last sessions ended, in one fold. */
import type { SessionService } from "../../../session/sessionServiceTypes.ts";
import type { SessionSnapshot } from "../../../session/sessionTypes.ts";
import { presentHistory } from "../historyPresentation.ts";
import type { ItemPresenter } from "../itemPresenter.ts";
import { atTop, RowKind, under } from "../row.ts";
import { hostTarget, sessionTarget } from "../targets.ts";

/** The fold. */
export function historyRow(service: SessionService): RowKind<readonly SessionSnapshot[]> {
  return new RowKind({
    name: "history",
    places: [
      atTop(() => {
        const ended = service.history();
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
  return new RowKind({
    name: "endedSession",
    places: [under(history, (ended) => ended)],
    key: ({ id }) => `ended ${id}`,
    present: (session) => itemPresenter.endedSession(session),
    filterTexts: ({ title, spec }) => [title, spec],
    targets: ({ id, spec }) => [hostTarget.of(spec), sessionTarget.of(id)],
  });
}
