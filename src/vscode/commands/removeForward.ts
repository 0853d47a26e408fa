import { t } from "../../base/localize.ts";
import type { ForwardService } from "../../forward/forwardService.ts";
import { type Command, command } from "./command.ts";
import { aForward } from "./forwardFinders.ts";

/** Removes the row of a forward, which is stopped first if it runs. */
export function removeForward(forwards: ForwardService): Command {
  return command(
    aForward(forwards, () => t("Remove Forward")),
    async (_, { id }) => forwards.stop(id),
  );
}
