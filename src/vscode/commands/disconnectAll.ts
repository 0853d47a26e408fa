import { disconnectAllQuestion } from "../../text/endQuestions.ts";
import { showMessage } from "../messages/messages.ts";
import { plainCommand } from "./command.ts";
import { sessionsAtStake } from "./sessionsAtStake.ts";

/** Ends everything in order. Asks first if more than one session would end. */
export const disconnectAll = plainCommand(async ({ service }) => {
  const masters = service.masters();
  const atStake = sessionsAtStake(
    masters.map(({ id }) => id),
    masters,
  );
  if (atStake > 1) {
    const { message, detail, action } = disconnectAllQuestion(atStake);
    const answer = await showMessage("warning", message, { modal: true, detail }, action);
    if (answer !== action) {
      return;
    }
  }
  await service.disconnectAll();
});
