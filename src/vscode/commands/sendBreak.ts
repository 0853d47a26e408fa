import { t } from "../../base/localize.ts";
import { breakLength } from "../../terminal/escapeAnswers.ts";
import { warn } from "../messages/messages.ts";
import { command } from "./command.ts";
import { anOpenSession } from "./liveFinders.ts";

/** Sends a break (RFC 4335), which serial consoles support. */
export const sendBreak = command(
  anOpenSession(() => t("Send Break")),
  async (_, session) => {
    if (!session.sendBreak(breakLength)) {
      warn(t("This connection can't send a break."));
    }
  },
);
