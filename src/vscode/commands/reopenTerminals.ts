import { plainCommand } from "./command.ts";

/** Opens the terminals from before the window reloaded again. */
export const reopenTerminals = plainCommand(async ({ terminals }) => {
  terminals.reopen();
});
