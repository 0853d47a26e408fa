/** Sentences about the history that tmux keeps of a shell. No vscode. */
import { t } from "../base/localize.ts";
import { printable } from "../base/log.ts";
import { failureWords } from "./failureWords.ts";

/** The title of its document. */
export function historyTitle(host: string): string {
  return t("tmux history of {0}", printable(host, 60));
}

export function noHistoryText(why: "no-tmux" | "not-connected" | "empty"): string {
  switch (why) {
    case "no-tmux":
      return t(
        "The shell of this terminal does not run in tmux, which keeps the lines. Set sshSessions.persistence to tmux. For screen it is not offered: screen would write them to a file on the server.",
      );
    case "not-connected":
      return t("This terminal is not connected.");
    case "empty":
      return t("tmux has no lines of this terminal's shell on the server.");
  }
}

export function historyProblem(host: string, error: Error): string {
  return t("The history of {0} can't be read: {1}", printable(host, 100), failureWords(error));
}
