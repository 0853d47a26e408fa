import { t } from "../../base/localize.ts";
import { showExtendedLimits } from "../prompts/limitWarnings.ts";
import { command } from "./command.ts";
import { anOpenSession } from "./liveFinders.ts";

/** The session's limits start anew, and their new end is said. */
export const extendLimits = command(
  anOpenSession(() => t("Extend Limits")),
  async (_, session) => {
    session.extend();
    showExtendedLimits(session);
  },
);
