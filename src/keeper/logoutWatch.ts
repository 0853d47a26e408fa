import type { Clock } from "../base/clock.ts";
import type { Disposable } from "../base/disposable.ts";
import { guarded } from "../base/guarded.ts";
import type { LoginState } from "./loginState.ts";

/** How often the state is read while no window is there. A user who logs in again at once stays. Milliseconds. */
export const usualLookEvery = 5_000;

/** Where the system reports no logout: without a window for so long, the user has gone. Milliseconds. */
const aloneLimit = 60 * 60 * 1000;

export interface LogoutWatchInit {
  readonly clock: Clock;
  /** Milliseconds. */
  readonly lookEvery: number;
  state(): Promise<LoginState>;
  /** Called once, without a window. */
  onLogout(why: string): void;
}

/** Notices that the user has logged out. While a window is there, the user is, too. */
export class LogoutWatch implements Disposable {
  readonly #init: LogoutWatchInit;
  #timer: Disposable | undefined;
  #aloneSince = 0;
  #wasGone = false;

  /** The user wants the keeper to go on after a logout. */
  staysAfterLogout = false;

  constructor(init: LogoutWatchInit) {
    this.#init = init;
  }

  /** Whether a window or a program of the user is connected. */
  update(isUsed: boolean): void {
    if (isUsed) {
      this.dispose();
    } else if (this.#timer === undefined) {
      this.#aloneSince = this.#init.clock.monotonic();
      this.#wasGone = false;
      this.#lookLater();
    }
  }

  dispose(): void {
    this.#timer?.dispose();
    this.#timer = undefined;
  }

  #lookLater(): void {
    const timer = this.#init.clock.setTimeout(
      guarded(() => void this.#look(timer)),
      this.#init.lookEvery,
    );
    this.#timer = timer;
  }

  async #look(timer: Disposable): Promise<void> {
    const { clock, state, onLogout } = this.#init;
    const now = await state();
    if (this.#timer !== timer) {
      return;
    }
    const isGone = now === "gone";
    const isLongAlone = now === "unknown" && clock.monotonic() - this.#aloneSince >= aloneLimit;
    if (!this.staysAfterLogout && ((isGone && this.#wasGone) || isLongAlone)) {
      this.dispose();
      onLogout(isGone ? "its user has logged out" : "no window was there for an hour");
      return;
    }
    this.#wasGone = isGone;
    this.#lookLater();
  }
}
