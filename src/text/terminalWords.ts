/** What a terminal says about its own sessions. No vscode. */
import { constants } from "node:os";
import { printable } from "../base/log.ts";
import { describeOutcome, formatDuration, limitNames } from "../session/sessionDetails.ts";
import type { LimitKind, SessionOutcome } from "../session/sessionTypes.ts";
import type { Ending } from "../terminal/terminalController.ts";
import { hostKeyWarning } from "./hostKeyWarning.ts";
import { userMessage } from "./userMessages.ts";

export function describeEnding(host: string, outcome: SessionOutcome): Ending {
  return {
    text: `${printable(host)}: ${describeOutcome(outcome)}`,
    exitCode: terminalExitCode(outcome),
    staysOpen: outcome.kind === "lost" || outcome.kind === "limit" || outcome.kind === "signalled",
  };
}

/** All that there is to say: often there is no message beside it. The tab stays so that R can try again. */
export function describeFailure(host: string, error: Error, home: string): Ending {
  const over = { exitCode: 255, staysOpen: true };
  const warning = hostKeyWarning(error);
  return warning === undefined
    ? { ...over, text: userMessage(error, host, home)?.text ?? `${printable(host)}: cancelled` }
    : { ...over, text: `${printable(host)}: not connected, the host key is not to be trusted`, warning };
}

export function describeWarning(warning: {
  readonly limit: LimitKind;
  readonly secondsLeft: number;
}): string {
  return `── ${limitNames[warning.limit]}: this session ends in ${formatDuration(warning.secondsLeft * 1000)} ──`;
}

/** The exit code of a terminal whose session ended so; undefined: closes without VS Code saying anything. */
export function terminalExitCode(outcome: SessionOutcome): number | undefined {
  switch (outcome.kind) {
    case "exited":
      return outcome.code;
    case "signalled":
      // As shells do it.
      return 128 + (signalNumbers[`SIG${outcome.signal}`] ?? 0);
    case "lost":
    case "failed":
      // As ssh(1) does it: "or with 255 if an error occurred".
      return 255;
    case "limit":
      // As timeout(1) does it.
      return 124;
    case "disconnected":
    case "killed":
      // Somebody asked for it here, and knows.
      return undefined;
  }
}

const signalNumbers: Readonly<Record<string, number>> = constants.signals;
