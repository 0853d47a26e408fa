import { t } from "../../base/localize.ts";
import { command } from "./command.ts";
import { aForward } from "./forwardFinders.ts";
import { restartAndTell } from "./forwardOutcome.ts";

/** Begins again, also one that was refused. */
export const restartForward = command(
  aForward(() => t("Restart Forward")),
  async (context, { id }) => await restartAndTell(context, id),
);
