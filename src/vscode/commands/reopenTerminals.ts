import type { CommandHandler } from "./commandContext.ts";

/** Opens the terminals again that were open before the window reloaded. */
export const reopenTerminals: CommandHandler = async ({ terminals }) => {
  terminals.reopen();
};
