/** The sessions of the keeper that are not open in this window, in one row. */
import type { Clock } from "../../../base/clock.ts";
import type { Event } from "../../../base/emitter.ts";
import type { KeptListed } from "../../../engine/keeper/keeperMessages.ts";
import { presentKeeper } from "../keeperPresentation.ts";
import { atTop, RowKind } from "../row.ts";

export interface KeptSessions {
  readonly elsewhere: readonly KeptListed[];
  readonly onDidChange: Event<void>;
}

export function keeperRow(kept: KeptSessions, clock: Clock): RowKind<readonly KeptListed[]> {
  return new RowKind({
    name: "keeper",
    places: [atTop(() => (kept.elsewhere.length === 0 ? [] : [kept.elsewhere]))],
    key: () => "keeper",
    present: (sessions) => presentKeeper(sessions, process.pid, clock.now()),
    targets: () => [],
    changes: [kept.onDidChange],
  });
}
