import { t } from "../../base/localize.ts";
import { showMessage } from "../messages/messages.ts";
import { plainCommand } from "./command.ts";

/** Ends every session and every connection at once. Always asks first, because programs can't save anything. */
export const killAll = plainCommand(async ({ service }) => {
  const masters = service.masters();
  if (masters.length === 0) {
    return;
  }
  const action = t("Kill All");
  const answer = await showMessage(
    "warning",
    t("Kill all SSH sessions and connections at once?"),
    {
      modal: true,
      detail: t("Their programs can't save anything. Disconnect All ends them properly."),
    },
    action,
  );
  if (answer === action) {
    service.killAll();
  }
});
