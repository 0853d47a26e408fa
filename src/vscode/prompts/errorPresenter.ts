import * as vscode from "vscode";
import type { Logger } from "../../base/log.ts";
import type { UserAction, UserMessage } from "../../text/messageParts.ts";
import { helpsBeyondTerminal, userMessage } from "../../text/userMessages.ts";
import { openFileAt } from "../documents/openFile.ts";
import { showMessage } from "../messages/messages.ts";

/** Shows failures to the person, once each, with buttons for what can be done about them. */
export class ErrorPresenter {
  readonly #logger: Logger;
  readonly #showLog: () => void;
  readonly #home: string;

  constructor(logger: Logger, showLog: () => void, home: string) {
    this.#logger = logger;
    this.#showLog = showLog;
    this.#home = home;
  }

  /**
   * Logs and shows `error`; resolves when the person has answered or dismissed the message. A cancellation is not shown.
   * @param retry what the Retry button does; without it the button is left out.
   */
  async present(error: unknown, host: string, retry?: () => Promise<void>): Promise<void> {
    const message = userMessage(error, host, this.#home);
    if (message === undefined) {
      return;
    }
    this.#logger.error(host, error);
    await this.#show(message, retry);
  }

  /**
   * As `present`, for a failure that a terminal tells as well.
   * @param inFront the person sees that terminal: a message comes only where it has a button that helps and the terminal
   * hasn't.
   */
  async presentTerminalFailure(
    error: Error,
    host: string,
    inFront: boolean,
    retry: () => Promise<void>,
  ): Promise<void> {
    const message = userMessage(error, host, this.#home);
    if (message === undefined) {
      return;
    }
    this.#logger.error(host, error);
    if (!inFront || helpsBeyondTerminal(message)) {
      await this.#show(message, retry);
    }
  }

  async #show(message: UserMessage, retry: (() => Promise<void>) | undefined): Promise<void> {
    const actions = message.actions.filter((action) => action.kind !== "retry" || retry !== undefined);
    const titles = actions.map((action) => action.title);
    const chosen = await showMessage(message.severity, message.text, {}, ...titles);
    const action = actions.find(({ title }) => title === chosen);
    if (action !== undefined) {
      await this.#run(action, retry);
    }
  }

  async #run(action: UserAction, retry: (() => Promise<void>) | undefined): Promise<void> {
    switch (action.kind) {
      case "openFile":
        await openFileAt(action.file, action.line);
        return;
      case "retry":
        await retry?.();
        return;
      case "manageTrust":
        await vscode.commands.executeCommand("workbench.trust.manage");
        return;
      case "showLog":
        this.#showLog();
        return;
    }
  }
}
