import { t } from "../../base/localize.ts";
import { isMuchAtStake, killQuestion } from "../../text/endQuestions.ts";
import { showMessage } from "../messages/messages.ts";
import { command } from "./command.ts";
import { whatIsAlive } from "./liveFinders.ts";
import { rowsAtStake } from "./sessionsAtStake.ts";

/** Ends a connection or a session at once. Asks first if more than one session would end, or what others use. */
export const kill = command(
  whatIsAlive(() => t("Kill")),
  async ({ service, others }, ids) => {
    const atStake = rowsAtStake(ids, service.masters(), others(ids));
    if (isMuchAtStake(atStake)) {
      const { message, detail, action } = killQuestion(atStake);
      if ((await showMessage("warning", message, { modal: true, detail }, action)) !== action) {
        return;
      }
    }
    for (const id of ids) {
      service.kill(id);
    }
  },
);
