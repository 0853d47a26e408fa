import { command } from "./command.ts";
import { aTerminal } from "./liveFinders.ts";

/** Opens another terminal with the same host and program, in a new tab. */
export const duplicateSession = command(
  aTerminal,
  async ({ terminals }, terminal) => await terminals.openLike(terminal, "own tab"),
);
