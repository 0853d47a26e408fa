import { killAllQuestion } from "../../text/endQuestions.ts";
import { showMessage } from "../messages/messages.ts";
import { plainCommand } from "./command.ts";

/** Ends every session and every connection at once. Always asks first, because programs can't save anything. */
export const killAll = plainCommand(async ({ service }) => {
  const masters = service.masters();
  if (masters.length === 0) {
    return;
  }
  const { message, detail, action } = killAllQuestion();
  const answer = await showMessage("warning", message, { modal: true, detail }, action);
  if (answer === action) {
    service.killAll();
  }
});
