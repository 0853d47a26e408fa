/** What a terminal prints about its own sessions. No vscode. */

import { plural, t } from "../base/localize.ts";
import { printable } from "../base/log.ts";
import type { LimitKind, SessionOutcome } from "../session/sessionTypes.ts";
import type { Ending, SessionLife } from "../terminal/terminalControllerTypes.ts";
import type { TerminalPhrases } from "../terminal/terminalPhrases.ts";
import { formatDuration } from "./durations.ts";
import { escapeHelp, escapeResult } from "./escapeText.ts";
import { hostKeyWarning } from "./hostKeyWarning.ts";
import { loginWaitText, serverWordsTitle } from "./loginText.ts";
import { describeOutcome, limitNames } from "./sessionDetails.ts";
import { userMessage } from "./userMessages.ts";

/** What runs in a terminal: a login shell, or a command. */
export type TerminalProgram = "shell" | "command";

/** Milliseconds. A shell that fails within this time after its start was of no use. */
const shellFailsWithin = 60_000;

/** Facts about an ended session besides its outcome. */
export interface EndedTerminal {
  readonly program: TerminalProgram;
  /** Its shell keeps running on the server. */
  readonly survives?: boolean;
  /** Absent: the session was lost. */
  readonly life?: SessionLife | undefined;
}

/** Whether the tab stays open, because its output has to be read or shows why the session ended. */
export function describeEnding(
  host: string,
  outcome: SessionOutcome,
  { program, survives = false, life }: EndedTerminal,
): Ending {
  return {
    text: t("{0}: {1}", printable(host), describeOutcome(outcome)),
    exitCode: outcome.kind === "exited" && outcome.code === 0 ? 0 : undefined,
    staysOpen:
      outcome.kind === "lost" ||
      outcome.kind === "moved" ||
      outcome.kind === "limit" ||
      outcome.kind === "signalled" ||
      (outcome.kind === "exited" && (program === "command" || refusedToRun(outcome.code, life))),
    // One that has moved belongs to the other window now.
    isFinal: outcome.kind === "exited" || outcome.kind === "moved" || (outcome.kind === "limit" && !survives),
  };
}

/**
 * A shell that ends before the user has typed anything, or fails soon, did not end on request: it was nologin, a
 * forced command, or a startup file or a password change that failed. Later, the exit status of a shell is that of
 * its last command, and is meaningless.
 */
function refusedToRun(code: number | undefined, life: SessionLife | undefined): boolean {
  return (
    life !== undefined &&
    (!life.used || (code !== undefined && code !== 0 && life.openFor < shellFailsWithin))
  );
}

export function terminalPhrases(program: TerminalProgram): TerminalPhrases {
  return {
    connecting: (host) => t("Connecting to {0}…", host),
    reconnecting: (host) => t("Reconnecting to {0}…", host),
    loginWait: (wait, host) => loginWaitText(wait, printable(host)),
    serverWords: ({ source, text }, host) => [serverWordsTitle(source, printable(host)), ...text.split("\n")],
    opened: (seconds, droppedKeys) => {
      const dropped = plural(droppedKeys, "{0} character", "{0} characters");
      if (seconds === undefined) {
        return droppedKeys === 0
          ? undefined
          : t("── not sent: {0} typed before the session was open ──", dropped);
      }
      const duration = formatDuration(seconds * 1000);
      return droppedKeys === 0
        ? t("── reconnected after {0} ──", duration)
        : t("── reconnected after {0}; not sent: {1} typed in the meantime ──", duration, dropped);
    },
    reconnectingIn: (seconds) =>
      t("Reconnecting in {0}. Enter: reconnect now, Esc: stop.", formatDuration(seconds * 1000)),
    reconnectByKey: (needsPerson) =>
      needsPerson
        ? t("The login requires input: press Enter to reconnect, Esc to cancel.")
        : t("Press Enter to reconnect, Esc to cancel."),
    waitingForOthers: () =>
      t("Waiting for the other terminals to reconnect. Enter: reconnect now, Esc: stop."),
    afterEnd: () =>
      program === "command"
        ? t("Press Enter to close, R to run the command again.")
        : t("Press Enter to close, R to reopen."),
    unknownEncoding: (encoding, why) => t(`Unknown encoding "{0}" ({1}). Using UTF-8.`, encoding, why),
    inputDiscarded: () => t("Input discarded: the server has not read earlier input."),
    tooMuchToCopy: () =>
      t(
        "Not copied to the clipboard: the text is longer than the setting sshSessions.clipboard.limit allows.",
      ),
    ptyRefused: () =>
      t("PTY allocation request failed on channel 0. The session continues without a terminal."),
    eofSent: () => t("── EOF sent: the program gets no more input ──"),
    escapeResult,
    escapeHelp,
    outputSkipped: (size, key) => t("[… {0} skipped after {1} …]", amount(size), key),
    inputAfterEof: () => t("EOF was sent: keys no longer reach the program."),
  };
}

/** The complete text, because often no message is shown beside it. The tab stays so that R can try again. */
export function describeFailure(host: string, error: Error, home: string): Ending {
  const over = { exitCode: undefined, staysOpen: true };
  const warning = hostKeyWarning(error);
  return warning === undefined
    ? { ...over, text: userMessage(error, host, home)?.text ?? t("{0}: login cancelled", printable(host)) }
    : { ...over, text: t("{0}: not connected, the host key is not trusted", printable(host)), warning };
}

export function describeWarning(warning: {
  readonly limit: LimitKind;
  readonly secondsLeft: number;
}): string {
  return t(
    "── {0}: this session ends in {1} ──",
    limitNames()[warning.limit],
    formatDuration(warning.secondsLeft * 1000),
  );
}

function amount(size: number): string {
  return size < 1_000_000 ? `${Math.round(size / 1000)} kB` : `${(size / 1_000_000).toFixed(1)} MB`;
}
