import type { Wire } from "./wire.ts";

/** As many replies may wait for a congested wire: more than fit into what makes the wire stop reading. */
const mostWaiting = 64 * 1024;

/** What the peer asks for and gets at once. The wire stops reading while replies wait; this is for a peer that goes on. */
export class Replies {
  readonly #wire: Wire;
  #waiting = 0;

  constructor(wire: Wire) {
    this.#wire = wire;
  }

  /** @returns false, and sends nothing, where the peer asks for reply after reply and takes none. */
  send(bytes: Uint8Array): boolean {
    this.#waiting = this.#wire.congested ? this.#waiting + 1 : 0;
    if (this.#waiting > mostWaiting) {
      return false;
    }
    this.#wire.send(bytes);
    return true;
  }

  /** The wire takes data again. */
  wereTaken(): void {
    this.#waiting = 0;
  }
}
