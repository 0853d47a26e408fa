import { t } from "../../base/localize.ts";
import { showExtendedLimits } from "../prompts/limitWarnings.ts";
import type { CommandHandler } from "./commandContext.ts";
import { sessionFor } from "./sessionFor.ts";

/** The session's limits start anew, and their new end is said. */
export const extendLimits: CommandHandler = async (context, argument) => {
  const session = await sessionFor(context, argument, t("Extend Limits"));
  if (session !== undefined) {
    session.extend();
    showExtendedLimits(session);
  }
};
