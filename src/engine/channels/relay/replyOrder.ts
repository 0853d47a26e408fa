/** As many answers may be outstanding: a client that asks on and on is let go. */
const mostOutstanding = 1024;

/**
 * Keeps a client's answers in the order of its requests (RFC 4254 section 4 and section 5.4): some are refused here while
 * earlier ones are still with the server.
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

  /** The server answers the oldest request that was passed on. @returns false where there is none */
  answered(reply: Buffer): boolean {
    if (this.#waiting.shift() === undefined) {
      return false;
    }
    this.#send(reply);
    this.#flush();
    return true;
  }

  /** A request was answered here. */
  answer(reply: Buffer): void {
    this.#waiting.push(reply);
    this.#flush();
  }

  /** The first that waits is always one for the server. */
  #flush(): void {
    for (let first = this.#waiting[0]; first !== undefined && first !== "server"; first = this.#waiting[0]) {
      this.#waiting.shift();
      this.#send(first);
    }
  }
}
