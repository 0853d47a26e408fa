/** The most outstanding replies; a client that sends more requests is disconnected. */
const mostOutstanding = 1024;

/**
 * Keeps replies in the order of a client's requests (RFC 4254 sections 4 and 5.4): some requests are refused here
 * while the server has not answered earlier ones.
 */
export class ReplyOrder {
  readonly #send: (reply: Buffer) => void;
  #waiting: (Buffer | "server")[] = [];

  constructor(send: (reply: Buffer) => void) {
    this.#send = send;
  }

  get isFull(): boolean {
    return this.#waiting.length >= mostOutstanding;
  }

  /** A request was passed on. */
  asked(): void {
    this.#waiting.push("server");
  }

  /** The server answers the oldest request that was passed on. Ignored if there is none. */
  answered(reply: Buffer): void {
    if (this.#waiting.shift() !== undefined) {
      this.#send(reply);
      this.#flush();
    }
  }

  /** A request was answered here. */
  answer(reply: Buffer): void {
    this.#waiting.push(reply);
    this.#flush();
  }

  /** The first pending entry is always a request that the server must answer. */
  #flush(): void {
    for (let first = this.#waiting[0]; first !== undefined && first !== "server"; first = this.#waiting[0]) {
      this.#waiting.shift();
      this.#send(first);
    }
  }
}
