import { t } from "../../base/localize.ts";
import type { ForwardService } from "../../forward/forwardService.ts";
import { isRunning } from "../views/forwardPresentation.ts";
import { type Command, command } from "./command.ts";
import { aForward } from "./forwardFinders.ts";

/** Closes the listener and all connections through the forward. Its row stays, to start it again. */
export function stopForward(forwards: ForwardService): Command {
  return command(
    aForward(forwards, () => t("Stop Forward"), isRunning),
    async (_, { id }) => forwards.stopAndKeep(id),
  );
}
