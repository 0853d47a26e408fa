import * as vscode from "vscode";
import { allowAccess } from "../../../src/text/extensionAccessText.ts";

/** How the question about other extensions is answered, which these tests are one of. */
export interface AccessAnswers {
  allow: boolean;
  /** The questions that were shown, with their details. */
  readonly asked: string[];
}

/** Each test file is a bundle of its own: what they share lies here. */
const shared = globalThis as { sshSessionsAccessAnswers?: AccessAnswers };

export function accessAnswers(): AccessAnswers {
  shared.sshSessionsAccessAnswers ??= { allow: true, asked: [] };
  return shared.sshSessionsAccessAnswers;
}

/** Answers the modal question in the person's place; every other message is shown as ever. */
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
