import { command } from "./command.ts";
import { aTerminal } from "./liveFinders.ts";

/** Opens another terminal on the same host, beside the terminal whose menu was used or the active one. */
export const splitTerminal = command(
  aTerminal,
  async ({ terminals }, terminal) => await terminals.openLike(terminal, "beside"),
);
