import { t } from "../../base/localize.ts";
import { command } from "./command.ts";
import { aSession } from "./liveFinders.ts";

/** Opens the details page of a session's channel. */
export const showSessionDetails = command(
  aSession(() => t("Show Session Details"), "acts"),
  async ({ details }, id) => details.show(id),
);
