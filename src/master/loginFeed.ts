import type { Disposable } from "../base/disposable.ts";
import { Emitter } from "../base/emitter.ts";
import type { LoginNews, MasterState } from "./masterTypes.ts";

/** A server's messages during a login and what the login waits for, also for listeners that join later. */
export class LoginFeed implements Disposable {
  readonly #news = new Emitter<LoginNews>();
  /** Bounded by the engine. */
  #words: LoginNews[] = [];

  report(news: LoginNews): void {
    if (news.kind === "words") {
      this.#words.push(news);
    }
    this.#news.fire(news);
  }

  /** Calls `listener` with past messages, with the current wait, and with later news. */
  watch(listener: (news: LoginNews) => void, alias: string, state: MasterState): Disposable {
    for (const news of this.#words) {
      listener(news);
    }
    if (state.kind === "connecting" && state.wait !== undefined) {
      listener({ kind: "wait", alias, wait: state.wait });
    }
    return this.#news.event(listener);
  }

  /** The login is over: later listeners get nothing. */
  forget(): void {
    this.#words = [];
  }

  dispose(): void {
    this.#news.dispose();
  }
}
