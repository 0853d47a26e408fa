import { t } from "../../base/localize.ts";
import { killHungQuestion } from "../../text/endQuestions.ts";
import { inform, showMessage } from "../messages/messages.ts";
import { plainCommand } from "./command.ts";

/** Ends all connections that no longer respond. */
export const killHung = plainCommand(async ({ service }) => {
  const hung = service.masters().filter(({ state }) => state.kind === "hung" || state.kind === "suspect");
  if (hung.length === 0) {
    inform(t("All SSH connections are responding."));
    return;
  }
  const names = [...new Set(hung.map(({ spec }) => spec))].join(", ");
  const { message, detail, action } = killHungQuestion(names);
  const answer = await showMessage("warning", message, { modal: true, detail }, action);
  if (answer === action) {
    for (const { id } of hung) {
      service.kill(id);
    }
  }
});
