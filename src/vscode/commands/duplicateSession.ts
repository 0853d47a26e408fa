import { command } from "./command.ts";
import { aTerminal } from "./liveFinders.ts";

/** Another terminal with the same host and program, in a tab of its own. */
export const duplicateSession = command(
  aTerminal,
  async ({ terminals }, terminal) => await terminals.openLike(terminal, "own tab"),
);
