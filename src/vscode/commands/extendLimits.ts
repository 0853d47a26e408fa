import type { CommandHandler } from "./commandContext.ts";
import { sessionFor } from "./sessionFor.ts";

/** The session's time and idle limits start anew. */
export const extendLimits: CommandHandler = async (context, argument) => {
  (await sessionFor(context, argument, "Extend Limits"))?.extend();
};
