import type { CommandHandler } from "./commandContext.ts";

/** Takes the terminals that were open before the window reloaded out of the Live view. */
export const forgetTerminals: CommandHandler = async ({ terminals }) => {
  terminals.forget();
};
