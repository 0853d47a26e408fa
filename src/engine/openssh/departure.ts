import type { Socket } from "node:net";
import type { Clock } from "../../base/clock.ts";
import type { Disposable } from "../../base/disposable.ts";
import { guarded } from "../../base/guarded.ts";
import type { ClientWire } from "./clientWire.ts";

/** For what runs on channels that we can't close ourselves to end. Milliseconds. */
const patience = 1_000;

export interface DepartureInit {
  readonly wire: ClientWire;
  readonly socket: Socket;
  readonly clock: Clock;
  /** Closes the socket. */
  leave(): void;
}

/** A client leaves a master that others use, when the server has answered all that it owes: see ClientWire. */
export class Departure {
  /** Resolves when the client has left. */
  readonly left: Promise<void>;
  readonly #init: DepartureInit;
  #limit: Disposable | undefined;
  #isOver = false;
  #resolve: () => void = () => {};

  constructor(init: DepartureInit) {
    const { wire, socket } = init;
    this.#init = init;
    this.left = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    socket.resume();
    wire.leave();
    socket.once(
      "close",
      guarded(() => this.noted()),
    );
    this.noted();
  }

  /** Call it after each message of the server. */
  noted(): void {
    const { wire, socket, clock } = this.#init;
    if (this.#isOver) {
      return;
    }
    if (wire.isClear || socket.destroyed) {
      this.#end();
    } else {
      this.#limit ??= clock.setTimeout(() => this.#onLimit(), patience);
    }
  }

  #onLimit(): void {
    if (this.#init.wire.isOwed) {
      this.#limit = this.#init.clock.setTimeout(() => this.#onLimit(), patience);
    } else {
      this.#end();
    }
  }

  #end(): void {
    this.#isOver = true;
    this.#limit?.dispose();
    this.#init.wire.end();
    this.#init.leave();
    this.#resolve();
  }
}
