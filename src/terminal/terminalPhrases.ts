import type { LogLevelName } from "../base/verbosity.ts";
import type { LoginWait, ServerWords } from "../engine/connectionEngine.ts";

/** The result of an escape that prints one line. */
export type EscapeResult =
  | {
      readonly kind:
        | "no-break"
        | "rekeying"
        | "no-rekey"
        | "log-off"
        | "no-suspend"
        | "no-background"
        | "no-command-line";
    }
  | { readonly kind: "log-level"; readonly level: LogLevelName };

/** The sentences that a terminal writes between the output of its sessions. Plain text, one line each. */
export interface TerminalPhrases {
  connecting(host: string): string;
  reconnecting(host: string): string;
  /** What the login of `host`, or of a jump host before it, waits for. */
  loginWait(wait: LoginWait, host: string): string;
  /** A message of the server or of the ProxyCommand: its source, then one line each. */
  serverWords(words: ServerWords, host: string): readonly string[];
  /**
   * Undefined: no sentence is needed.
   * @param seconds how long the tab was without a connection; undefined: it was not lost.
   * @param droppedKeys the number of characters typed meanwhile that are not sent.
   */
  opened(seconds: number | undefined, droppedKeys: number): string | undefined;
  reconnectingIn(seconds: number): string;
  /** The next attempt starts when the user asks for it. `needsPerson`: because the login needs the user. */
  reconnectByKey(needsPerson: boolean): string;
  waitingForOthers(): string;
  /** What the keys do in a tab whose session has ended. */
  afterEnd(): string;
  unknownEncoding(encoding: string, why: string): string;
  inputDiscarded(): string;
  /** A program tries to copy more than is allowed. */
  tooMuchToCopy(): string;
  /** The server refused the pty; `ssh` reports this and continues, too. */
  ptyRefused(): string;
  eofSent(): string;
  /** A key that can't be sent after EOF. */
  inputAfterEof(): string;
  /** @param typed the escape as users write it, e.g. `~R`. */
  escapeResult(typed: string, result: EscapeResult): string;
  /** The list of `~?`. @param key the escape character as users write it. */
  escapeHelp(key: string): readonly string[];
  /** Output was skipped after an interrupt. @param size UTF-16 code units. @param key such as `^C`. */
  outputSkipped(size: number, key: string): string;
}
