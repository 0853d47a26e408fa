import {
  type AccessQuestion,
  accessQuestionText,
  allowAccess,
  refuseAccess,
  refuseAllAccess,
} from "../../text/extensionAccessText.ts";
import { askSafely } from "./askSafely.ts";
import type { AccessAnswer } from "./extensionAccess.ts";
import type { PromptQueue } from "./promptQueue.ts";

/** Asks in a modal dialog whether other extensions may use a host. Closing it means no. */
export async function askExtensionAccess(
  queue: PromptQueue,
  question: AccessQuestion,
): Promise<AccessAnswer> {
  const { message, detail } = accessQuestionText(question);
  const answer = await askSafely(queue, message, detail, refuseAccess(), allowAccess(), refuseAllAccess());
  return answer === allowAccess() ? "allow" : answer === refuseAllAccess() ? "refuse-all" : "refuse";
}
