import { t } from "../../base/localize.ts";
import { showExtendedLimits } from "../prompts/limitWarnings.ts";
import { command } from "./command.ts";
import { anOpenSession } from "./liveFinders.ts";

/** Restarts the session's limits, and shows their new end. */
export const extendLimits = command(
  anOpenSession(() => t("Extend Limits"), "limited"),
  async (_, session) => {
    session.extend();
    showExtendedLimits(session);
  },
);
