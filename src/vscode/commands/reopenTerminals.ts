import { plainCommand } from "./command.ts";

/** Opens the terminals again that were open before the window reloaded. */
export const reopenTerminals = plainCommand(async ({ terminals }) => {
  terminals.reopen();
});
