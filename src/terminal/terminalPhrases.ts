import type { LoginWait, ServerWords } from "../engine/connectionEngine.ts";

/** The sentences that a terminal writes between the output of its sessions. Plain text, one line each. */
export interface TerminalPhrases {
  connecting(host: string): string;
  reconnecting(host: string): string;
  /** What the login of `host`, or of a jump host before it, waits for. */
  loginWait(wait: LoginWait, host: string): string;
  /** Words of the server or of the ProxyCommand: who says it, then one line each. */
  serverWords(words: ServerWords, host: string): readonly string[];
  /**
   * Undefined: nothing is to be said.
   * @param seconds how long the tab was without a connection; undefined: it was not lost.
   * @param droppedKeys how many characters were typed meanwhile and are not sent.
   */
  opened(seconds: number | undefined, droppedKeys: number): string | undefined;
  reconnectingIn(seconds: number): string;
  /** The next attempt begins when a person asks for it. `needsPerson`: because the login needs one. */
  reconnectByKey(needsPerson: boolean): string;
  waitingForOthers(): string;
  /** What the keys do in a tab whose session is over. */
  afterEnd(): string;
  unknownEncoding(encoding: string, why: string): string;
  inputDiscarded(): string;
  /** A program copies more than it may. */
  tooMuchToCopy(): string;
  /** The server refused the pty; `ssh` says so and goes on, too. */
  ptyRefused(): string;
  eofSent(): string;
  /** A key that can't be sent after EOF. */
  inputAfterEof(): string;
}
