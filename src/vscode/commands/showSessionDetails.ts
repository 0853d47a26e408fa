import { t } from "../../base/localize.ts";
import { command } from "./command.ts";
import { aSession } from "./liveFinders.ts";

/** Opens the page that tells what the session's channel is made of. */
export const showSessionDetails = command(
  aSession(() => t("Show Session Details")),
  async ({ details }, id) => details.show(id),
);
