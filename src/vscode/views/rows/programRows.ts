/** Other programs that use a connection, below it. */
import type { Clock } from "../../../base/clock.ts";
import { plural } from "../../../base/localize.ts";
import type { MasterSnapshot } from "../../../session/masterSnapshotTypes.ts";
import type { ProgramSharing } from "../../../share/programSharing.ts";
import type { ProgramSnapshot } from "../../../share/programTypes.ts";
import { presentProgram } from "../programPresentation.ts";
import { RowKind, under } from "../row.ts";
import { connectionTarget, TargetKind } from "../targets.ts";

/** Another program on a connection: its id. */
export const programTarget = new TargetKind<string>("program");

export interface ProgramRowsInit {
  readonly programs: Pick<ProgramSharing, "programs" | "onDidChange">;
  readonly clock: Clock;
}

export function programRows(
  masters: RowKind<MasterSnapshot>,
  { programs, clock }: ProgramRowsInit,
): RowKind<ProgramSnapshot> {
  return new RowKind({
    name: "program",
    places: [under(masters, ({ id }) => programs.programs().filter(({ masterId }) => masterId === id))],
    key: ({ id }) => `program ${id}`,
    present: (program) => presentProgram(program, clock.now()),
    targets: ({ id, masterId }) => [programTarget.of(id), connectionTarget.of(masterId)],
    countTexts: (shown) => [plural(shown.length, "{0} program", "{0} programs")],
    counts: true,
    changes: [programs.onDidChange],
  });
}
