import type { OutputKind } from "../connectionEngine.ts";

interface Sink {
  data(kind: OutputKind, data: Uint8Array): void;
  /** The peer may send so many bytes more. */
  grant(bytes: number): void;
  eof(): void;
  closed(): void;
}

/**
 * The receiving side of a channel (RFC 4254 section 5.2): what has arrived and is not read yet, and the window. The
 * window is given back only for what has been delivered, so that what arrives after `pause` is at most one window.
 */
export class IncomingFlow {
  readonly size: number;
  readonly #sink: Sink;
  #queue: { readonly kind: OutputKind; readonly data: Uint8Array }[] = [];
  #head = 0;
  #window: number;
  #delivered = 0;
  #paused = true;
  #started = false;
  #flowing = false;
  #eof = false;
  #closed = false;

  constructor(size: number, sink: Sink) {
    this.size = size;
    this.#window = size;
    this.#sink = sink;
  }

  /** Bytes that the peer may still send. */
  get window(): number {
    return Math.max(0, this.#window);
  }

  /** @returns false when the peer sent far more than it may. (OpenSSH drops the excess; a little is forgiven here.) */
  receive(kind: OutputKind, data: Uint8Array): boolean {
    this.#window -= data.length;
    if (this.#window < -this.size) {
      return false;
    }
    if (!this.#closed && data.length > 0) {
      this.#queue.push({ kind, data });
      this.#flow();
    }
    return true;
  }

  /** Data of a kind that nobody reads (RFC 4254 section 5.2 knows only stderr) still used up the window. */
  skip(bytes: number): void {
    this.#window -= bytes;
    this.#giveBack(bytes);
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#started = true;
    this.#paused = false;
    this.#flow();
  }

  eof(): void {
    this.#eof = true;
    this.#flow();
  }

  /**
   * No more will come; `closed` is told after the rest is delivered.
   * @param rest what becomes of data held back by `pause`: waits for `resume`, is delivered all the same (at most one
   * window), or is dropped.
   */
  close(rest: "wait" | "deliver" | "drop"): void {
    this.#closed = true;
    if (rest === "wait") {
      this.#flow();
      return;
    }
    if (rest === "drop" && this.#paused) {
      this.#queue = [];
      this.#head = 0;
    }
    if (this.#started || rest === "drop") {
      this.resume();
    } else {
      // Whoever opened the channel gets it in a microtask that comes after this, and only then can listen.
      setImmediate(() => this.resume());
    }
  }

  #flow(): void {
    // A listener may pause, resume or close from within: one loop delivers, so that the order holds.
    if (this.#flowing) {
      return;
    }
    this.#flowing = true;
    while (!this.#paused) {
      const next = this.#queue[this.#head];
      if (next === undefined) {
        break;
      }
      this.#head++;
      if (this.#head === this.#queue.length) {
        this.#queue = [];
        this.#head = 0;
      }
      this.#sink.data(next.kind, next.data);
      this.#giveBack(next.data.length);
    }
    this.#flowing = false;
    // Before the first `resume` nobody may be listening yet: the end waits for it too.
    if (this.#queue.length > 0 || !this.#started) {
      return;
    }
    if (this.#eof) {
      this.#eof = false;
      this.#sink.eof();
    }
    if (this.#closed) {
      this.#sink.closed();
    }
  }

  /** Returned in quarters: often enough that the peer never waits, seldom enough that it costs nothing. */
  #giveBack(bytes: number): void {
    this.#delivered += bytes;
    if (this.#delivered >= this.size / 4 && !this.#closed && !this.#eof) {
      const grant = this.#delivered;
      this.#delivered = 0;
      this.#window += grant;
      this.#sink.grant(grant);
    }
  }
}
