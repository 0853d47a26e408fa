import { t } from "../../base/localize.ts";
import type { ForwardService } from "../../forward/forwardService.ts";
import { type Command, command } from "./command.ts";
import { aForward } from "./forwardFinders.ts";

/** Closes the listener and all connections through the forward. */
export function stopForward(forwards: ForwardService): Command {
  return command(
    aForward(forwards, () => t("Stop Forward")),
    async (_, { id }) => forwards.stop(id),
  );
}
