import * as vscode from "vscode";
import type { Logger } from "../../base/log.ts";
import type { UserAction, UserMessage } from "../../text/messageParts.ts";
import { helpsBeyondTerminal, userMessage } from "../../text/userMessages.ts";
import { openFileAt } from "../documents/openFile.ts";
import { showMessage } from "../messages/messages.ts";

/** Shows failures to the user, once each, with buttons for possible remedies. */
export class ErrorPresenter {
  readonly #logger: Logger;
  readonly #showLog: () => void;
  readonly #home: string;
  readonly #useOpenSsh: (host: string) => Promise<void>;

  /** @param useOpenSsh has the machine's `ssh` connect a host from now on. */
  constructor(
    logger: Logger,
    showLog: () => void,
    home: string,
    useOpenSsh: (host: string) => Promise<void>,
  ) {
    this.#logger = logger;
    this.#showLog = showLog;
    this.#home = home;
    this.#useOpenSsh = useOpenSsh;
  }

  /**
   * Logs and shows `error`; resolves when the user has answered or dismissed the message. A cancellation is not
   * shown.
   * @param retry the action of the Retry button; without it there is no button.
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
   * Like `present`, for a failure that a terminal shows as well.
   * @param inFront the user sees that terminal: a message appears only if it has a useful button that the terminal
   *   lacks.
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
      case "useOpenSsh":
        await this.#useOpenSsh(action.host);
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
