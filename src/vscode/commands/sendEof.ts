import type { CommandHandler } from "./commandContext.ts";
import { sessionFor } from "./sessionFor.ts";

/** Ends the session's standard input (SSH_MSG_CHANNEL_EOF). */
export const sendEof: CommandHandler = async (context, argument) => {
  (await sessionFor(context, argument, "Send EOF"))?.eof();
};
