import { t } from "../../base/localize.ts";
import { command } from "./command.ts";
import { aForward } from "./forwardFinders.ts";

/** Closes the listener and all connections through the forward. */
export const stopForward = command(
  aForward(() => t("Stop Forward")),
  async ({ forwards }, { id }) => forwards.stop(id),
);
