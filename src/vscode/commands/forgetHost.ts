import { t } from "../../base/localize.ts";
import { command } from "./command.ts";
import { aTypedHost } from "./hostFinders.ts";

/** Takes a typed host out of the recent ones. A connection to it stays. */
export const forgetHost = command(
  aTypedHost(() => t("Forget Host")),
  async ({ recent }, host) => await recent.forget(host),
);
