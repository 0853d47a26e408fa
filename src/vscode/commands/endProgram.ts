import { t } from "../../base/localize.ts";
import type { ProgramSharing } from "../../share/programSharing.ts";
import type { ProgramSnapshot } from "../../share/programTypes.ts";
import { programDescription, programLabel } from "../../text/programText.ts";
import { inform, pickOne } from "../messages/messages.ts";
import { programTarget } from "../views/rows/guestRows.ts";
import { type Command, command, type TargetFinder } from "./command.ts";

/** A program on a connection: that of the row, or one that the user chooses. Other callers can't name one. */
const aProgram = (programs: ProgramSharing): TargetFinder<ProgramSnapshot> => ({
  onOurs: (_, targets) => {
    const id = programTarget.in(targets);
    const program = programs.programs().find((each) => each.id === id);
    return program !== undefined ? { target: program } : id === undefined ? "ask" : "end";
  },
  named: () => undefined,
  ask: async () => {
    const all = programs.programs().filter(({ canEnd }) => canEnd !== false);
    if (all.length === 0) {
      inform(t("No other program uses a connection."));
      return undefined;
    }
    const chosen = await pickOne(
      all.map((program) => ({
        label: programLabel(program),
        description: programDescription(program),
        program,
      })),
      {
        title: t("End Program on a Connection"),
        placeHolder: t("Choose a program"),
        matchOnDescription: true,
      },
      // A mere Enter must not end another host's program.
      "none",
    );
    return chosen?.program;
  },
});

/** Closes the channels of another program, which then ends as if its connection were lost. The connection stays. */
export function endProgram(programs: ProgramSharing): Command {
  return command(aProgram(programs), async (_, { id }) => programs.end(id));
}
