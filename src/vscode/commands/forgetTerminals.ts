import { plainCommand } from "./command.ts";

/** Removes the terminals from before the window reloaded from the Live view. */
export const forgetTerminals = plainCommand(async ({ terminals }) => {
  terminals.forget();
});
