import type { Duplex } from "node:stream";

/** `replies`: our replies wait for the socket. `packets`: earlier data is still being processed. */
export type ReadStop = "replies" | "packets";

/** Pauses reading from a socket while at least one reason to stop applies. */
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
