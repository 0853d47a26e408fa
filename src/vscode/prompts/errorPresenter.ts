import * as vscode from "vscode";
import type { Logger } from "../../base/log.ts";
import type { UserAction, UserMessage } from "../../text/messageParts.ts";
import { plainMessage } from "../../text/plainMessage.ts";
import { helpsBeyondTerminal, userMessage } from "../../text/userMessages.ts";
import { openFileAt } from "../documents/openFile.ts";
import { showMessage } from "../messages/messages.ts";
import type { OpenSshQuestions } from "./openSshQuestions.ts";

/** Shows failures to the user, once each, with buttons for possible remedies. */
export class ErrorPresenter {
  readonly #logger: Logger;
  readonly #showLog: () => void;
  readonly #home: string;
  readonly #openSsh: Pick<OpenSshQuestions, "begin" | "answer">;

  constructor(
    logger: Logger,
    showLog: () => void,
    home: string,
    openSsh: Pick<OpenSshQuestions, "begin" | "answer">,
  ) {
    this.#logger = logger;
    this.#showLog = showLog;
    this.#home = home;
    this.#openSsh = openSsh;
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
    const question = message.actions.find((action) => action.kind === "useOpenSsh");
    const isAsked = question !== undefined && (await this.#openSsh.begin(question.host));
    const actions = message.actions.filter(
      ({ kind }) =>
        (kind !== "retry" || retry !== undefined) &&
        ((kind !== "useOpenSsh" && kind !== "avoidOpenSsh") || isAsked),
    );
    const titles = actions.map((action) => action.title);
    const text = isAsked ? `${message.text} ${plainMessage(question.question)}` : message.text;
    const chosen = await showMessage(message.severity, text, {}, ...titles);
    const action = actions.find(({ title }) => title === chosen);
    if (isAsked) {
      // Closing a message is an answer, too; a user who opens the log may want to answer later.
      const answer = action?.kind === "showLog" ? undefined : action?.kind === "useOpenSsh";
      await this.#openSsh.answer(question.host, answer);
    }
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
        await retry?.();
        return;
      case "avoidOpenSsh":
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
