import { t } from "../../base/localize.ts";
import type { CommandHandler } from "./commandContext.ts";
import { typedHost } from "./typedHost.ts";

/** Takes a typed host out of the recent ones. A connection to it stays. */
export const forgetHost: CommandHandler = async (context, argument) => {
  const host = await typedHost(context, argument, t("Forget Host"));
  if (host !== undefined) {
    await context.recent.forget(host);
  }
};
