import { t } from "../../base/localize.ts";
import { printable } from "../../base/log.ts";
import { fingerprintPrompt, hostKeyPicture } from "../../text/hostKeyQuestion.ts";
import { hostKeyNotSaved, hostKeyUpdateQuestion } from "../../text/hostKeysText.ts";
import type { HostKeyPrompter, HostKeyQuestion, HostKeyUpdateQuestion } from "../../trust/hostKeyPorts.ts";
import type { HostKeyDocuments } from "../documents/hostKeyDocuments.ts";
import { askLine, showMessage, warn } from "../messages/messages.ts";
import { askAboutHostKey, type HostKeyAsker } from "./hostKeyConversation.ts";
import type { PromptQueue } from "./promptQueue.ts";

/** Asks, in a modal dialog, whether an unknown host key may be trusted. */
export class VscodeHostKeyPrompter implements HostKeyPrompter {
  readonly #queue: PromptQueue;

  readonly #documents: HostKeyDocuments;

  readonly #home: string;

  constructor(queue: PromptQueue, documents: HostKeyDocuments, home: string) {
    this.#queue = queue;
    this.#documents = documents;
    this.#home = home;
  }

  async confirmUnknown(question: HostKeyQuestion, signal: AbortSignal): Promise<boolean> {
    let closePicture: (() => Promise<void>) | undefined;
    const asker: HostKeyAsker = {
      choose: async (message, detail, actions) =>
        await showMessage("warning", printable(message), { modal: true, detail }, ...actions),
      fingerprint: async () =>
        await askLine({
          title: t("Compare Fingerprint"),
          prompt: fingerprintPrompt(),
          ignoreFocusOut: true,
        }),
      showPicture: async (shown) => {
        const { name, text } = hostKeyPicture(shown);
        closePicture = await this.#documents.show(name, text);
      },
    };
    const ask = async (): Promise<boolean | undefined> =>
      await askAboutHostKey(question, asker, signal, this.#home);
    try {
      return (await this.#queue.ask(ask, signal)) === true;
    } finally {
      // The picture belongs to the question.
      await closePicture?.();
    }
  }

  async confirmUpdate(question: HostKeyUpdateQuestion, signal: AbortSignal): Promise<boolean> {
    const { message, detail, update } = hostKeyUpdateQuestion(question);
    const ask = async (): Promise<string | undefined> =>
      await showMessage("information", message, { modal: true, detail }, update);
    return (await this.#queue.ask(ask, signal)) === update;
  }

  notSaved(alias: string, file: string, why: string): void {
    warn(hostKeyNotSaved(alias, file, why, this.#home));
  }
}
