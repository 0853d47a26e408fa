import * as vscode from "vscode";
import type {
  AuthPrompter,
  AuthTarget,
  KeyboardInteractiveRequest,
  PasswordChange,
  PasswordChangeRequest,
  PromptAnswer,
} from "../../auth/authPorts.ts";
import { t } from "../../base/localize.ts";
import { printable } from "../../base/log.ts";
import { destinationText } from "../../text/humanText.ts";
import {
  newPasswordRefused,
  passwordChangeQuestions,
  passwordsDiffer,
  serverQuestionText,
} from "../../text/loginText.ts";
import { plainMessage, shownText } from "../../text/plainMessage.ts";
import { shortPath } from "../../text/valueSourceText.ts";
import { showMessage } from "../messages/messages.ts";
import type { PromptQueue } from "./promptQueue.ts";

interface Question {
  readonly title: string;
  readonly prompt: string;
  readonly masked: boolean;
  /** Shown as an error until the user types. */
  readonly complaint?: string;
  readonly step?: { readonly number: number; readonly of: number };
  /** Offers to store the answer. */
  readonly rememberable: boolean;
}

/** Asks for passwords, passphrases and a server's questions, one input box at a time. */
export class VscodeAuthPrompter implements AuthPrompter {
  readonly #queue: PromptQueue;
  readonly #home: string;

  constructor(queue: PromptQueue, home: string) {
    this.#queue = queue;
    this.#home = home;
  }

  password(target: AuthTarget, attempt: number, signal: AbortSignal): Promise<PromptAnswer | undefined> {
    return this.#ask(
      {
        title: t("SSH: {0}", printable(target.alias)),
        prompt: t("Password for {0}", printable(destinationText(target))),
        masked: true,
        rememberable: true,
        ...(attempt > 1
          ? {
              complaint: t(
                "Wrong password, try again (attempt {0}). Password for {1}",
                attempt,
                printable(destinationText(target)),
              ),
            }
          : {}),
      },
      signal,
    );
  }

  passphrase(
    target: AuthTarget,
    keyFile: string,
    attempt: number,
    signal: AbortSignal,
  ): Promise<PromptAnswer | undefined> {
    return this.#ask(
      {
        title: t("SSH: {0}", printable(target.alias)),
        prompt: t("Passphrase for the key {0}", printable(shortPath(keyFile, this.#home))),
        masked: true,
        rememberable: true,
        ...(attempt > 1
          ? {
              complaint: t(
                "Wrong passphrase, try again (attempt {0}). Passphrase for the key {1}",
                attempt,
                printable(shortPath(keyFile, this.#home)),
              ),
            }
          : {}),
      },
      signal,
    );
  }

  /** Never stored: a security key or token locks itself after a few wrong PINs. */
  async pin(
    target: AuthTarget,
    keyFile: string,
    attempt: number,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const file = printable(shortPath(keyFile, this.#home));
    const answer = await this.#ask(
      {
        title: t("SSH: {0}", printable(target.alias)),
        prompt: t("PIN for {0}", file),
        masked: true,
        rememberable: false,
        ...(attempt > 1 && {
          complaint: t("Wrong PIN (attempt {0}). PIN for {1}", attempt, file),
        }),
      },
      signal,
    );
    return answer?.value;
  }

  async addToAgent(target: AuthTarget, keyFile: string, signal: AbortSignal): Promise<boolean> {
    const yes = t("Add to Agent");
    const message = plainMessage(
      t(
        "Add the key {0} to the SSH agent? It is used for {1}.",
        printable(shortPath(keyFile, this.#home)),
        printable(target.alias),
      ),
    );
    const ask = async (): Promise<string | undefined> =>
      await showMessage("information", message, { modal: true }, yes);
    return (await this.#queue.ask(ask, signal)) === yes;
  }

  /** RFC 4252 section 8; the same questions as OpenSSH (input_userauth_passwd_changereq). */
  async changePassword(
    target: AuthTarget,
    { text, attempt }: PasswordChangeRequest,
    signal: AbortSignal,
  ): Promise<PasswordChange | undefined> {
    const said = printable(text.trim().replace(/\s+/g, " "));
    const [askOld, askNew, askAgain] = passwordChangeQuestions(printable(destinationText(target)), said);
    const title = t("SSH: {0}", printable(target.alias));
    const ask = (number: number, prompt: string, complaint?: string): Promise<PromptAnswer | undefined> =>
      this.#ask(
        {
          ...{ title, prompt, masked: true, rememberable: number === 3, step: { number, of: 3 } },
          ...(complaint !== undefined && { complaint }),
        },
        signal,
      );
    const old = await ask(1, askOld, attempt > 1 ? newPasswordRefused() : undefined);
    for (let complaint: string | undefined; old !== undefined; complaint = passwordsDiffer()) {
      const fresh = await ask(2, askNew, complaint);
      const again = fresh === undefined ? undefined : await ask(3, askAgain);
      if (fresh === undefined || again === undefined) {
        return undefined;
      }
      if (fresh.value === again.value) {
        return { oldPassword: old.value, newPassword: fresh.value, remember: again.remember };
      }
    }
    return undefined;
  }

  async keyboardInteractive(
    target: AuthTarget,
    request: KeyboardInteractiveRequest,
    signal: AbortSignal,
  ): Promise<readonly string[] | undefined> {
    const instructions = [request.name, request.instructions]
      .map((text) => printable(text.trim().replace(/\s+/g, " ")))
      .filter((text) => text !== "")
      .join(": ");
    const answers: string[] = [];
    for (const [index, { prompt, echo }] of request.prompts.entries()) {
      const asked = printable(prompt.trim());
      const answer = await this.#ask(
        {
          title: t("SSH: {0}", printable(target.alias)),
          prompt: serverQuestionText(printable(target.hostName), instructions, asked),
          masked: !echo,
          rememberable: false,
          step: { number: index + 1, of: request.prompts.length },
        },
        signal,
      );
      if (answer === undefined) {
        return undefined;
      }
      answers.push(answer.value);
    }
    return answers;
  }

  #ask(question: Question, signal: AbortSignal): Promise<PromptAnswer | undefined> {
    return this.#queue.ask(() => showInputBox(question, signal), signal);
  }
}

function showInputBox(question: Question, signal: AbortSignal): Promise<PromptAnswer | undefined> {
  return new Promise((resolve) => {
    const input = vscode.window.createInputBox();
    let remember = false;
    let answer: PromptAnswer | undefined;

    const render = (): void => {
      if (question.rememberable) {
        input.placeholder = remember
          ? t("Will be saved in the system's keychain")
          : t("Not saved. Click the key icon to save it.");
        input.buttons = [
          remember
            ? { iconPath: new vscode.ThemeIcon("pass-filled"), tooltip: t("Don't save") }
            : { iconPath: new vscode.ThemeIcon("key"), tooltip: t("Save in the system's keychain") },
        ];
      }
    };
    const onAbort = (): void => input.hide();

    input.title = shownText(question.title);
    input.prompt = shownText(question.prompt);
    input.password = question.masked;
    // The user may have to look up a code in another window.
    input.ignoreFocusOut = true;
    if (question.step !== undefined && question.step.of > 1) {
      input.step = question.step.number;
      input.totalSteps = question.step.of;
    }
    if (question.complaint !== undefined) {
      input.validationMessage = shownText(question.complaint);
    }
    render();
    input.onDidChangeValue(() => {
      input.validationMessage = undefined;
    });
    input.onDidTriggerButton(() => {
      remember = !remember;
      render();
    });
    input.onDidAccept(() => {
      answer = { value: input.value, remember };
      input.hide();
    });
    input.onDidHide(() => {
      signal.removeEventListener("abort", onAbort);
      input.dispose();
      resolve(answer);
    });
    signal.addEventListener("abort", onAbort, { once: true });
    input.show();
  });
}
