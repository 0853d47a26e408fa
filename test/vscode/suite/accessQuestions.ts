import * as vscode from "vscode";
import { allowAccess } from "../../../src/text/extensionAccessText.ts";

/** Answers the question about other extensions, because these tests are one. */
export interface AccessAnswers {
  allow: boolean;
  /** The questions that were shown, with their details. */
  readonly asked: string[];
}

/** Each test file is a separate bundle: shared state is kept here. */
const shared = globalThis as { sshSessionsAccessAnswers?: AccessAnswers };

export function accessAnswers(): AccessAnswers {
  shared.sshSessionsAccessAnswers ??= { allow: true, asked: [] };
  return shared.sshSessionsAccessAnswers;
}

/** Answers the modal question in place of the user; other messages are shown as usual. */
export function answerAccessQuestions(): void {
  const answers = accessAnswers();
  const window = vscode.window as { showWarningMessage: (...given: unknown[]) => Thenable<unknown> };
  const show = window.showWarningMessage;
  window.showWarningMessage = async (...given) => {
    if (!given.includes(allowAccess())) {
      return await show.apply(vscode.window, given);
    }
    answers.asked.push(JSON.stringify(given));
    return answers.allow ? allowAccess() : undefined;
  };
}
