import { command } from "./command.ts";
import { aTerminal } from "./liveFinders.ts";

/** Another terminal on the same host, beside the terminal whose menu was used, or beside the one in front. */
export const splitTerminal = command(
  aTerminal,
  async ({ terminals }, terminal) => await terminals.openLike(terminal, "beside"),
);
