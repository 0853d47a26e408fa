/** Other programs and other windows that use a connection, below it. */
import type { Clock } from "../../../base/clock.ts";
import type { Event } from "../../../base/emitter.ts";
import { plural } from "../../../base/localize.ts";
import type { MasterSnapshot } from "../../../session/masterSnapshotTypes.ts";
import type { ProgramSharing } from "../../../share/programSharing.ts";
import type { ProgramSnapshot } from "../../../share/programTypes.ts";
import type { WindowSharing } from "../../../share/windowSharing.ts";
import { spokenOn } from "../../../text/spokenText.ts";
import { sessionsElsewhereText } from "../../../text/windowText.ts";
import { presentProgram } from "../programPresentation.ts";
import { type ItemPresentation, RowKind, under } from "../row.ts";
import { connectionTarget, type Target, TargetKind } from "../targets.ts";
import { presentWindow } from "../windowPresentation.ts";

/** Another program on a connection: its id. */
export const programTarget = new TargetKind<string>("program");

export interface ProgramRowsInit {
  readonly programs: Pick<ProgramSharing, "programs" | "onDidChange">;
  readonly clock: Clock;
}

export interface WindowRowsInit {
  readonly windows: Pick<WindowSharing, "windows" | "onDidChange">;
  readonly clock: Clock;
}

export function programRows(
  masters: RowKind<MasterSnapshot>,
  { programs, clock }: ProgramRowsInit,
): RowKind<ProgramSnapshot> {
  return guestRows(masters, clock, {
    name: "program",
    guests: () => programs.programs(),
    onDidChange: programs.onDidChange,
    present: presentProgram,
    targets: ({ id, canEnd }) => (canEnd === false ? [] : [programTarget.of(id)]),
    countText: ({ length }) => plural(length, "{0} program", "{0} programs"),
  });
}

export function windowRows(
  masters: RowKind<MasterSnapshot>,
  { windows, clock }: WindowRowsInit,
): RowKind<ProgramSnapshot> {
  return guestRows(masters, clock, {
    name: "otherWindow",
    guests: () => windows.windows(),
    onDidChange: windows.onDidChange,
    present: presentWindow,
    targets: () => [],
    // Not the function itself: its module is loaded with the first use.
    countText: (shown) => sessionsElsewhereText(shown),
  });
}

/** A kind of users of our connections. */
interface Guests {
  readonly name: string;
  /** Those of all connections. */
  guests(): readonly ProgramSnapshot[];
  readonly onDidChange: Event<void>;
  /** `now`: wall-clock milliseconds. */
  present(guest: ProgramSnapshot, now: number): ItemPresentation;
  /** Besides the connection. */
  targets(guest: ProgramSnapshot): readonly Target[];
  countText(shown: readonly ProgramSnapshot[]): string;
}

function guestRows(
  masters: RowKind<MasterSnapshot>,
  clock: Clock,
  { name, guests, onDidChange, present, targets, countText }: Guests,
): RowKind<ProgramSnapshot> {
  return new RowKind({
    name,
    places: [under(masters, ({ id }) => guests().filter(({ masterId }) => masterId === id))],
    key: ({ id }) => `${name} ${id}`,
    present: (guest) => {
      const shown = present(guest, clock.now());
      const row = masters.find(guest.masterId);
      const master = row && masters.about(row);
      return master === undefined
        ? shown
        : { ...shown, accessibleLabel: spokenOn(shown.accessibleLabel, master.destination) };
    },
    targets: (guest) => [...targets(guest), connectionTarget.of(guest.masterId)],
    countTexts: (shown) => [countText(shown)],
    counts: true,
    changes: [onDidChange],
  });
}
