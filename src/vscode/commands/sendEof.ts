import { t } from "../../base/localize.ts";
import { plainMessage } from "../../text/plainMessage.ts";
import { sendEofQuestion } from "../../text/sendEofText.ts";
import { showMessage } from "../messages/messages.ts";
import type { CommandHandler } from "./commandContext.ts";
import { sessionFor } from "./sessionFor.ts";

/** Ends the session's standard input (SSH_MSG_CHANNEL_EOF). A terminal takes no keys after it: that is asked first. */
export const sendEof: CommandHandler = async (context, argument) => {
  const session = await sessionFor(context, argument, t("Send EOF"));
  if (session === undefined) {
    return;
  }
  const { kind, title } = session.snapshot();
  if (kind === "terminal") {
    const { message, detail, action } = sendEofQuestion(title);
    const answer = await showMessage("warning", plainMessage(message), { modal: true, detail }, action);
    if (answer !== action) {
      return;
    }
  }
  session.eof();
};
