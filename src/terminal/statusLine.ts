import type { Clock } from "../base/clock.ts";
import type { Disposable } from "../base/disposable.ts";
import type { LoginNews } from "../master/masterTypes.ts";
import type { TerminalPhrases } from "./terminalPhrases.ts";
import type { TerminalScreen } from "./terminalScreen.ts";

/** "Connecting…" is shown only after this delay. Milliseconds. */
const quietOpening = 300;
/** What a login waits for is shown only after this delay. Milliseconds. */
const quietWait = 1_000;

/** The status line of a tab without a session: it connects, waits for a login, or counts down. */
export class StatusLine {
  readonly #clock: Clock;
  readonly #screen: TerminalScreen;
  readonly #phrases: TerminalPhrases;
  readonly #host: string;
  #timer: Disposable | undefined;
  #again = false;

  constructor(clock: Clock, screen: TerminalScreen, phrases: TerminalPhrases, host: string) {
    this.#clock = clock;
    this.#screen = screen;
    this.#phrases = phrases;
    this.#host = host;
  }

  opening(again: boolean): void {
    this.#again = again;
    this.#after(again ? 0 : quietOpening, () => this.#opening());
  }

  /**
   * Shows the server's messages, and what the login waits for. During a prompt it does not say that it waits for the
   * server.
   */
  login(news: LoginNews): void {
    if (news.kind === "words") {
      this.#screen.notice(...this.#phrases.serverWords(news.words, news.alias));
      return;
    }
    const { wait, alias } = news;
    this.#after(quietWait, () =>
      wait === undefined ? this.#opening() : this.#phrases.loginWait(wait, alias),
    );
  }

  /** @param until wall-clock milliseconds. */
  countDown(until: number): void {
    this.stop();
    const tick = (): void => {
      const left = until - this.#clock.now();
      if (left > 0) {
        this.#screen.status(this.#phrases.reconnectingIn(Math.ceil(left / 1000)));
        this.#timer = this.#clock.setTimeout(tick, Math.min(left, left % 1000 || 1000));
      } else {
        this.#screen.status(this.#phrases.reconnecting(this.#host));
      }
    };
    tick();
  }

  /** Ends the status; the shown line stays. */
  stop(): void {
    this.#timer?.dispose();
    this.#timer = undefined;
  }

  #opening(): string {
    return this.#again ? this.#phrases.reconnecting(this.#host) : this.#phrases.connecting(this.#host);
  }

  #after(milliseconds: number, line: () => string): void {
    this.stop();
    this.#timer = this.#clock.setTimeout(() => this.#screen.status(line()), milliseconds);
  }
}
