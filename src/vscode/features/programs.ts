import type { Clock } from "../../base/clock.ts";
import type { ProgramSharing } from "../../share/programSharing.ts";
import { endProgram } from "../commands/endProgram.ts";
import { programRows } from "../views/rows/programRows.ts";
import type { Feature } from "./feature.ts";

export interface ProgramsFeatureInit {
  readonly programs: ProgramSharing;
  readonly clock: Clock;
}

/** Other programs on our connections. */
export function programsFeature(init: ProgramsFeatureInit): Feature {
  return {
    liveRows: (masters) => [programRows(masters, init)],
    commands: { "sshSessions.endProgram": endProgram(init.programs) },
  };
}
