import { t } from "../../base/localize.ts";
import { killQuestion } from "../../text/endQuestions.ts";
import { showMessage } from "../messages/messages.ts";
import { command } from "./command.ts";
import { whatIsAlive } from "./liveFinders.ts";
import { sessionsAtStake } from "./sessionsAtStake.ts";

/** Ends a connection or a session at once. Asks first if more than one session would end. */
export const kill = command(
  whatIsAlive(() => t("Kill")),
  async ({ service }, ids) => {
    const atStake = sessionsAtStake(ids, service.masters());
    if (atStake > 1) {
      const { message, detail, action } = killQuestion(atStake);
      const answer = await showMessage("warning", message, { modal: true, detail }, action);
      if (answer !== action) {
        return;
      }
    }
    for (const id of ids) {
      service.kill(id);
    }
  },
);
