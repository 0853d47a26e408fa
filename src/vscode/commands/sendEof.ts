import { t } from "../../base/localize.ts";
import { sendEofQuestion } from "../../text/sendEofText.ts";
import { showMessage } from "../messages/messages.ts";
import { command } from "./command.ts";
import { anOpenSession } from "./liveFinders.ts";

/**
 * Ends the session's standard input (SSH_MSG_CHANNEL_EOF). Asks first for a terminal, which accepts no keys
 * afterwards.
 */
export const sendEof = command(
  anOpenSession(() => t("Send EOF")),
  async (_, session) => {
    const { kind, title } = session.snapshot();
    if (kind === "terminal") {
      const { message, detail, action } = sendEofQuestion(title);
      const answer = await showMessage("warning", message, { modal: true, detail }, action);
      if (answer !== action) {
        return;
      }
    }
    session.eof();
  },
);
