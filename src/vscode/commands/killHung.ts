import { t } from "../../base/localize.ts";
import { killHungQuestion } from "../../text/endQuestions.ts";
import { inform, showMessage } from "../messages/messages.ts";
import { plainCommand } from "./command.ts";

/** Ends all connections that no longer respond. */
export const killHung = plainCommand(async ({ service, others }) => {
  const hung = service.masters().filter(({ state }) => state.kind === "hung" || state.kind === "suspect");
  if (hung.length === 0) {
    inform(t("All SSH connections are responding."));
    return;
  }
  const { message, detail, action } = killHungQuestion(
    hung.map(({ spec }) => spec),
    others(hung.map(({ id }) => id)),
  );
  const answer = await showMessage("warning", message, { modal: true, detail }, action);
  if (answer === action) {
    for (const { id } of hung) {
      service.kill(id);
    }
  }
});
