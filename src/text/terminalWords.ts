/** What a terminal says about its own sessions. No vscode. */
import { printable } from "../base/log.ts";
import { describeOutcome, formatDuration, limitNames } from "../session/sessionDetails.ts";
import type { LimitKind, SessionOutcome } from "../session/sessionTypes.ts";
import type { Ending } from "../terminal/terminalController.ts";
import type { TerminalPhrases } from "../terminal/terminalPhrases.ts";
import { hostKeyWarning } from "./hostKeyWarning.ts";
import { plural } from "./humanText.ts";
import { loginWaitText, serverWordsTitle } from "./loginText.ts";
import { userMessage } from "./userMessages.ts";

/** What runs in a terminal: a login shell, or a command in its place. */
export type TerminalProgram = "shell" | "command";

/** A command's tab stays: its output is what it was run for. */
export function describeEnding(host: string, outcome: SessionOutcome, program: TerminalProgram): Ending {
  const isCommand = program === "command" && outcome.kind === "exited";
  return {
    text: `${printable(host)}: ${describeOutcome(outcome)}`,
    exitCode: outcome.kind === "exited" && outcome.code === 0 ? 0 : undefined,
    staysOpen:
      isCommand || outcome.kind === "lost" || outcome.kind === "limit" || outcome.kind === "signalled",
  };
}

export function terminalPhrases(program: TerminalProgram): TerminalPhrases {
  return {
    connecting: (host) => `Connecting to ${host}…`,
    reconnecting: (host) => `Reconnecting to ${host}…`,
    loginWait: (wait, host) => loginWaitText(wait, printable(host)),
    serverWords: ({ source, text }, host) => [serverWordsTitle(source, printable(host)), ...text.split("\n")],
    reconnected: (seconds, droppedKeys) =>
      droppedKeys === 0
        ? `── reconnected after ${seconds} s ──`
        : `── reconnected after ${seconds} s; ${plural(droppedKeys, "character")} typed meanwhile not sent ──`,
    reconnectingIn: (seconds) => `Reconnecting in ${seconds} s. Enter: now, Esc: stop.`,
    reconnectByKey: (needsPerson) =>
      needsPerson
        ? "The login needs you: press Enter to reconnect, Esc to cancel."
        : "Press Enter to reconnect, Esc to cancel.",
    waitingForOthers: () => "Waiting for the other terminals to reconnect. Enter: now, Esc: stop.",
    afterEnd: () =>
      program === "command"
        ? "Press Enter to close, R to run the command again."
        : "Press Enter to close, R to open again.",
    unknownEncoding: (encoding, why) => `Unknown encoding "${encoding}" (${why}). Using UTF-8.`,
    inputDiscarded: () => "Input discarded: the server has not read earlier input.",
    ptyRefused: () => "PTY allocation request failed on channel 0. The session goes on without a terminal.",
    eofSent: () => "── EOF sent: the program gets no more input from here ──",
    inputAfterEof: () => "EOF was sent: keys no longer reach the program.",
  };
}

/** All that there is to say: often there is no message beside it. The tab stays so that R can try again. */
export function describeFailure(host: string, error: Error, home: string): Ending {
  const over = { exitCode: undefined, staysOpen: true };
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
