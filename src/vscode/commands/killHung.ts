import { t } from "../../base/localize.ts";
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
  const action = t("Kill");
  const answer = await showMessage(
    "warning",
    t("Kill the connections that do not respond ({0})?", names),
    {
      modal: true,
      detail: t("Their sessions end here. Their programs on the servers end when the servers notice."),
    },
    action,
  );
  if (answer === action) {
    for (const { id } of hung) {
      service.kill(id);
    }
  }
});
