import type { Duplex } from "node:stream";

/** `replies`: our answers wait for the socket. `packets`: what was read is still being worked on. */
export type ReadStop = "replies" | "packets";

/** Stops the reading of a socket while at least one reason against it holds. */
export class ReadGate {
  readonly #socket: Duplex;
  readonly #reasons = new Set<ReadStop>();

  constructor(socket: Duplex) {
    this.#socket = socket;
  }

  stop(reason: ReadStop, on: boolean): void {
    const stopped = this.#reasons.size > 0;
    if (on) {
      this.#reasons.add(reason);
    } else {
      this.#reasons.delete(reason);
    }
    if (stopped === this.#reasons.size > 0 || this.#socket.destroyed) {
      return;
    }
    if (stopped) {
      this.#socket.resume();
    } else {
      this.#socket.pause();
    }
  }
}
