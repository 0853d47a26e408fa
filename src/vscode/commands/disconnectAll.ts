import { t } from "../../base/localize.ts";
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
    const action = t("Disconnect All");
    const answer = await showMessage(
      "warning",
      t("Disconnect all {0} SSH sessions?", atStake),
      { modal: true, detail: t("The programs in them will end.") },
      action,
    );
    if (answer !== action) {
      return;
    }
  }
  await service.disconnectAll();
});
