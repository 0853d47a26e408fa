import { t } from "../../base/localize.ts";
import { inform } from "../messages/messages.ts";
import type { CommandHandler } from "./commandContext.ts";
import { liveIdsOf } from "./commandTarget.ts";

/** Shows the terminal of a session. */
export const revealTerminal: CommandHandler = async ({ service, livePick, terminals }, argument) => {
  const [id] =
    liveIdsOf(argument, service) ??
    liveIdsOf(await livePick.ask(t("Reveal SSH Terminal"), "sessions"), service) ??
    [];
  if (id !== undefined && !terminals.reveal(id)) {
    inform(t("That session has no terminal."));
  }
};
