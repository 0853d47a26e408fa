import { t } from "../../base/localize.ts";
import { inform } from "../messages/messages.ts";
import { command } from "./command.ts";
import { aSession } from "./liveFinders.ts";

/** Shows the terminal of a session. */
export const revealTerminal = command(
  aSession(() => t("Reveal SSH Terminal"), "asks"),
  async ({ terminals }, id) => {
    if (!terminals.reveal(id)) {
      inform(t("That session has no terminal."));
    }
  },
);
