import type { Clock } from "../../base/clock.ts";
import { programsLoss, programsStay } from "../../text/programText.ts";
import { endProgram } from "../commands/endProgram.ts";
import { TerminalSharing, type TerminalSharingInit } from "../terminals/terminalSharing.ts";
import { programRows } from "../views/rows/guestRows.ts";
import type { Feature } from "./feature.ts";

export interface ProgramsFeatureInit extends Omit<TerminalSharingInit, keyof HereInit> {
  readonly clock: Clock;
  readonly sharing: HereInit;
}

/** The editor's own terminals. */
type HereInit = Pick<TerminalSharingInit, "environment" | "storage" | "terminalsAreHere">;

/** Other programs on our connections. */
export function programsFeature(init: ProgramsFeatureInit): Feature {
  return {
    liveRows: (masters) => [programRows(masters, init)],
    commands: { "sshSessions.endProgram": endProgram(init.programs) },
    others: (masterIds) => {
      const there = init.programs.programs().filter(({ masterId }) => masterIds.includes(masterId));
      const ending = there.filter(({ outlivesWindow }) => !outlivesWindow);
      return {
        programs: ending.length,
        loss: programsLoss(ending),
        stays: [programsStay(there.filter(({ outlivesWindow }) => outlivesWindow))],
      };
    },
    start: () => new TerminalSharing({ ...init, ...init.sharing }),
  };
}
