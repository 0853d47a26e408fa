import type { Socket } from "node:net";
import { guarded } from "../../base/guarded.ts";
import type { ClientWire } from "./clientWire.ts";

/** A client leaves a master that others use, when the server has answered every open of it: see ClientWire. */
export class Departure {
  /** Resolves when the client has left. */
  readonly left: Promise<void>;
  readonly #wire: ClientWire;
  readonly #socket: Socket;
  readonly #leave: () => void;
  #isOver = false;
  #resolve: () => void = () => {};

  /** @param leave closes the socket */
  constructor(wire: ClientWire, socket: Socket, leave: () => void) {
    this.#wire = wire;
    this.#socket = socket;
    this.#leave = leave;
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
    if (!this.#isOver && (this.#wire.unanswered <= 0 || this.#socket.destroyed)) {
      this.#isOver = true;
      this.#wire.end();
      this.#leave();
      this.#resolve();
    }
  }
}
