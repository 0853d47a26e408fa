import { killAllQuestion } from "../../text/endQuestions.ts";
import { showMessage } from "../messages/messages.ts";
import { plainCommand } from "./command.ts";
import { sessionsAtStake } from "./sessionsAtStake.ts";

/** Ends every session and every connection at once. Always asks first, because programs can't save anything. */
export const killAll = plainCommand(async ({ service, others }) => {
  const masters = service.masters();
  if (masters.length === 0) {
    return;
  }
  const ids = masters.map(({ id }) => id);
  const atStake = { sessions: sessionsAtStake(ids, masters), ...others(ids) };
  const { message, detail, action } = killAllQuestion(atStake);
  if ((await showMessage("warning", message, { modal: true, detail }, action)) === action) {
    service.killAll();
  }
});
