import { t } from "../../base/localize.ts";
import { command } from "./command.ts";
import { aForward } from "./forwardFinders.ts";
import { restartAndTell } from "./forwardOutcome.ts";

/** Starts a forward again, even if it was refused. */
export const restartForward = command(
  aForward(() => t("Restart Forward")),
  async (context, { id }) => await restartAndTell(context, id),
);
