import { showMessage } from "../messages/messages.ts";
import type { CommandHandler } from "./commandContext.ts";
import { sessionsAtStake } from "./commandTarget.ts";

/** Ends everything in order. Asks when more than one session would go. */
export const disconnectAll: CommandHandler = async ({ service }) => {
  const masters = service.masters();
  const atStake = sessionsAtStake(
    masters.map(({ id }) => id),
    masters,
  );
  if (atStake > 1) {
    const action = "Disconnect All";
    const answer = await showMessage(
      "warning",
      `Disconnect all ${atStake} SSH sessions?`,
      { modal: true, detail: "What runs in them ends." },
      action,
    );
    if (answer !== action) {
      return;
    }
  }
  await service.disconnectAll();
};
