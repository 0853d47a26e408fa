import type { Wire } from "./wire.ts";

/** The bytes of replies that may wait for a congested wire: more than what makes the wire stop reading. */
const mostWaiting = 64 * 1024;

/**
 * Replies that are sent at once. The wire stops reading while replies wait; the limit is for a peer that sends more
 * requests.
 */
export class Replies {
  readonly #wire: Wire;
  #waiting = 0;

  constructor(wire: Wire) {
    this.#wire = wire;
  }

  /** @returns false, and sends nothing, when the peer keeps requesting replies and does not read them. */
  send(bytes: Uint8Array): boolean {
    this.#waiting = this.#wire.congested ? this.#waiting + 1 : 0;
    if (this.#waiting > mostWaiting) {
      return false;
    }
    this.#wire.send(bytes);
    return true;
  }

  /** The wire accepts data again. */
  wereTaken(): void {
    this.#waiting = 0;
  }
}
