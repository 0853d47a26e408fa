import { disconnectAllQuestion, isMuchAtStake } from "../../text/endQuestions.ts";
import { showMessage } from "../messages/messages.ts";
import { plainCommand } from "./command.ts";
import { sessionsAtStake } from "./sessionsAtStake.ts";

/** Ends everything in order. Asks first if more than one session would end, or what others use. */
export const disconnectAll = plainCommand(async ({ service, others }) => {
  const masters = service.masters();
  const ids = masters.map(({ id }) => id);
  const atStake = { sessions: sessionsAtStake(ids, masters), ...others(ids) };
  if (isMuchAtStake(atStake)) {
    const { message, detail, action } = disconnectAllQuestion(atStake);
    if ((await showMessage("warning", message, { modal: true, detail }, action)) !== action) {
      return;
    }
  }
  await service.disconnectAll();
});
