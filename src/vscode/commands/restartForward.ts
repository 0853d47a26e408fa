import { t } from "../../base/localize.ts";
import type { ForwardService } from "../../forward/forwardService.ts";
import { type Command, command } from "./command.ts";
import { aForward } from "./forwardFinders.ts";
import { restartAndTell } from "./forwardOutcome.ts";

/** Starts a forward again, even if it was refused. */
export function restartForward(forwards: ForwardService): Command {
  return command(
    aForward(forwards, () => t("Restart Forward")),
    async ({ presenter }, { id }) => await restartAndTell({ forwards, presenter }, id),
  );
}
