import {
  type AccessQuestion,
  accessQuestionText,
  allowAccess,
  refuseAllAccess,
} from "../../text/extensionAccessText.ts";
import { showMessage } from "../messages/messages.ts";
import type { AccessAnswer } from "./extensionAccess.ts";
import type { PromptQueue } from "./promptQueue.ts";

/** Asks in a modal dialog whether other extensions may use a host. Closing it means no. */
export async function askExtensionAccess(
  queue: PromptQueue,
  question: AccessQuestion,
): Promise<AccessAnswer> {
  const { message, detail } = accessQuestionText(question);
  const answer = await queue.ask(
    async () => showMessage("warning", message, { modal: true, detail }, allowAccess(), refuseAllAccess()),
    new AbortController().signal,
  );
  return answer === allowAccess() ? "allow" : answer === refuseAllAccess() ? "refuse-all" : "refuse";
}
