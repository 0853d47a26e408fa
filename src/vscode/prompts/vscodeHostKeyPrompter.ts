import { t } from "../../base/localize.ts";
import { printable } from "../../base/log.ts";
import type { HostKeyPrompter, HostKeyQuestion } from "../../trust/hostKeyPorts.ts";
import { showMessage } from "../messages/messages.ts";
import { hostKeyDialog } from "./hostKeyDialog.ts";
import type { PromptQueue } from "./promptQueue.ts";

/** Asks, in a modal dialog, whether an unknown host key may be trusted. */
export class VscodeHostKeyPrompter implements HostKeyPrompter {
  readonly #queue: PromptQueue;

  constructor(queue: PromptQueue) {
    this.#queue = queue;
  }

  async confirmUnknown(question: HostKeyQuestion, signal: AbortSignal): Promise<boolean> {
    const { message, detail } = hostKeyDialog(question);
    const accept = t("Connect and Save");
    const answer = await this.#queue.ask(
      async () => showMessage("warning", printable(message), { modal: true, detail }, accept),
      signal,
    );
    return answer === accept;
  }
}
