import { showMessage } from "../messages/messages.ts";
import type { PromptQueue } from "./promptQueue.ts";

/**
 * A dialog that the user did not cause: a program or another extension did. It can appear while the user types, so its
 * first button, which has the focus, refuses.
 * @returns the chosen button; undefined: closed
 */
export async function askSafely(
  queue: PromptQueue,
  message: string,
  detail: string,
  refuse: string,
  ...others: readonly string[]
): Promise<string | undefined> {
  return await queue.ask(
    async () => await showMessage("warning", message, { modal: true, detail }, refuse, ...others),
    new AbortController().signal,
  );
}
