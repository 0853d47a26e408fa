import { inform, showMessage } from "../messages/messages.ts";
import type { CommandHandler } from "./commandContext.ts";

/** Everything on connections that no longer answer. */
export const killHung: CommandHandler = async ({ service }) => {
  const hung = service.masters().filter(({ state }) => state.kind === "hung" || state.kind === "suspect");
  if (hung.length === 0) {
    inform("Every SSH connection answers.");
    return;
  }
  const names = [...new Set(hung.map(({ spec }) => spec))].join(", ");
  const action = "Kill";
  const answer = await showMessage(
    "warning",
    `Kill the connections that do not answer (${names})?`,
    { modal: true, detail: "Their sessions end here. What runs on the servers ends when they notice." },
    action,
  );
  if (answer === action) {
    for (const { id } of hung) {
      service.kill(id);
    }
  }
};
