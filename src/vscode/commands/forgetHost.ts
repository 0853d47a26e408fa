import { t } from "../../base/localize.ts";
import { command } from "./command.ts";
import { aTypedHost } from "./hostFinders.ts";

/** Removes a typed host from the recent hosts. Its connection stays. */
export const forgetHost = command(
  aTypedHost(() => t("Forget Host")),
  async ({ recent }, host) => await recent.forget(host),
);
