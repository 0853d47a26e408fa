import { t } from "../../base/localize.ts";
import { command } from "./command.ts";
import { aForward } from "./forwardFinders.ts";

/** Frees the listener at once, and ends what goes through it. */
export const stopForward = command(
  aForward(() => t("Stop Forward")),
  async ({ forwards }, { id }) => forwards.stop(id),
);
