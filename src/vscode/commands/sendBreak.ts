import { t } from "../../base/localize.ts";
import { warn } from "../messages/messages.ts";
import type { CommandHandler } from "./commandContext.ts";
import { sessionFor } from "./sessionFor.ts";

/** Milliseconds: what OpenSSH's ~B asks for. */
const breakLength = 1000;

/** Sends a break (RFC 4335), which serial consoles understand. */
export const sendBreak: CommandHandler = async (context, argument) => {
  const session = await sessionFor(context, argument, t("Send Break"));
  if (session !== undefined && !session.sendBreak(breakLength)) {
    warn(t("This connection can't send a break."));
  }
};
