import { asError } from "../../base/errors.ts";
import { readHistory } from "../../remote/shellHistory.ts";
import { historyProblem, historyTitle, noHistoryText } from "../../text/historyText.ts";
import { inform } from "../messages/messages.ts";
import { command } from "./command.ts";
import { aTerminal } from "./liveFinders.ts";

/** Opens all lines that tmux keeps of a terminal's shell, also those that scrolled by too fast for VS Code. */
export const showHistory = command(aTerminal, async ({ service, terminals, runDocuments }, terminal) => {
  const { host, sessionId } = terminal;
  const print = terminals.historyOf(terminal);
  const masterId = service.session(sessionId ?? "")?.snapshot().masterId;
  if (print === undefined || masterId === undefined) {
    inform(noHistoryText(print === undefined ? "no-tmux" : "not-connected"));
    return;
  }
  try {
    const text = await readHistory(service, host, masterId, print);
    if (text === undefined) {
      inform(noHistoryText("empty"));
    } else {
      await runDocuments.show(historyTitle(host), text);
    }
  } catch (error) {
    inform(historyProblem(host, asError(error)));
  }
});
