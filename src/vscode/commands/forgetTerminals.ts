import { plainCommand } from "./command.ts";

/** Takes the terminals that were open before the window reloaded out of the Live view. */
export const forgetTerminals = plainCommand(async ({ terminals }) => {
  terminals.forget();
});
