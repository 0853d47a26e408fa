/** Other windows that use a connection of this one, below it. */
import type { Clock } from "../../../base/clock.ts";
import { plural } from "../../../base/localize.ts";
import type { MasterSnapshot } from "../../../session/masterSnapshotTypes.ts";
import type { ProgramSnapshot } from "../../../share/programTypes.ts";
import type { WindowSharing } from "../../../share/windowSharing.ts";
import { sessionsElsewhere } from "../../../text/windowText.ts";
import { RowKind, under } from "../row.ts";
import { connectionTarget } from "../targets.ts";
import { presentWindow } from "../windowPresentation.ts";

export interface WindowRowsInit {
  readonly windows: Pick<WindowSharing, "windows" | "onDidChange">;
  readonly clock: Clock;
}

export function windowRows(
  masters: RowKind<MasterSnapshot>,
  { windows, clock }: WindowRowsInit,
): RowKind<ProgramSnapshot> {
  return new RowKind({
    name: "otherWindow",
    places: [under(masters, ({ id }) => windows.windows().filter(({ masterId }) => masterId === id))],
    key: ({ id }) => `window ${id}`,
    present: (window) => presentWindow(window, clock.now()),
    targets: ({ masterId }) => [connectionTarget.of(masterId)],
    countTexts: (shown) => [
      plural(sessionsElsewhere(shown), "{0} session of another window", "{0} sessions of other windows"),
    ],
    counts: true,
    changes: [windows.onDidChange],
  });
}
