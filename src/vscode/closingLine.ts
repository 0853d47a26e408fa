import { constants } from "node:os";
import { printable } from "../base/log.ts";
import { describeOutcome } from "../session/sessionDetails.ts";
import type { SessionOutcome } from "../session/sessionTypes.ts";

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

/** Whether the tab stays, so that its last output and the reason can be read. */
export function staysOpen(outcome: SessionOutcome): boolean {
  return outcome.kind === "lost" || outcome.kind === "limit" || outcome.kind === "signalled";
}

/** The last line of a terminal; with what to do where the tab stays. Ends without a line break. */
export function closingLine(host: string, outcome: SessionOutcome): string {
  const color = staysOpen(outcome) ? "\u001b[33m" : "\u001b[2m";
  const hint = staysOpen(outcome) ? " Press Enter to close, R to open again." : "";
  return `\r\n${color}[${printable(host)}: ${describeOutcome(outcome)}]${hint}\u001b[0m`;
}
