import { raceSignal } from "../base/deadline.ts";
import { type Event, nextEvent } from "../base/emitter.ts";
import { asError } from "../base/errors.ts";
import { ForwardError } from "../engine/engineErrors.ts";
import type { Master } from "../master/master.ts";
import type { ConnectionLink } from "../reconnect/connectionLink.ts";
import type { DemandedLogin } from "./demandedLogin.ts";

export interface ClientMasterInit {
  readonly link: Pick<ConnectionLink, "master" | "isWaiting">;
  readonly login: DemandedLogin;
  /** The forward's state has changed. */
  readonly onDidChange: Event<void>;
  /** The forward listens, or will. */
  isRunning(): boolean;
  /** The login has failed. Never rejects. */
  refuse(error: Error): Promise<void>;
}

/** The connection to the server for the clients of a forward, in one of its runs. */
export class ClientMaster {
  readonly #init: ClientMasterInit;
  #refused: Error | undefined;

  constructor(init: ClientMasterInit) {
    this.#init = init;
  }

  /** Undefined: it is not up. */
  get current(): Master | undefined {
    return this.#init.link.master;
  }

  /**
   * The existing one, the one that returns, or a new one. After a failed login only a restart logs in again.
   * @throws the signal's reason, ForwardError `not-connected`, or why the login failed
   */
  async ready(signal: AbortSignal): Promise<Master> {
    if (this.current !== undefined) {
      return this.current;
    }
    if (this.#refused !== undefined) {
      throw this.#refused;
    }
    return await raceSignal(this.#init.link.isWaiting ? this.#next(signal) : this.#logIn(), signal);
  }

  /** Resolves when the lost connection has returned. */
  async #next(signal: AbortSignal): Promise<Master> {
    const { link, onDidChange, isRunning } = this.#init;
    while (this.current === undefined) {
      await nextEvent(onDidChange, signal);
      if (!isRunning() || !(link.isWaiting || this.current !== undefined)) {
        throw new ForwardError("not-connected", "The connection is gone");
      }
    }
    return this.current;
  }

  async #logIn(): Promise<Master> {
    try {
      return await this.#init.login.once();
    } catch (error) {
      this.#refused = asError(error);
      await this.#init.refuse(this.#refused);
      throw error;
    }
  }
}
