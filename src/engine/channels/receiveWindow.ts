import { guarded } from "../../base/guarded.ts";
import type { OutputKind } from "../connectionEngine.ts";
import { PieceQueue } from "./pieceQueue.ts";

interface Sink {
  data(kind: OutputKind, data: Uint8Array): void;
  /** Announces added window bytes to the peer. */
  grant(bytes: number): void;
  eof(): void;
  closed(): void;
}

/** `excess`: kept, although it exceeds the window. `exceeded`: dropped, because the peer ignores the window. */
export type Received = "kept" | "excess" | "exceeded";

/**
 * The receiving side of a channel (RFC 4254 section 5.2): unread data, and the window. The window is restored only
 * for delivered data, so that at most one window arrives after `pause`.
 */
export class ReceiveWindow {
  readonly size: number;
  readonly #sink: Sink;
  readonly #queue = new PieceQueue();
  #window: number;
  #excess = 0;
  #delivered = 0;
  #paused = true;
  #started = false;
  #flowing = false;
  #eof = false;
  #closed = false;

  /** @param size bytes that the peer may send before any are delivered */
  constructor(size: number, sink: Sink) {
    this.size = size;
    this.#window = size;
    this.#sink = sink;
  }

  /** Bytes that the peer may still send. */
  get window(): number {
    return this.#window;
  }

  /** The number of bytes that wait for `resume`. */
  get waiting(): number {
    return this.#queue.length;
  }

  /** Like channel_input_data in OpenSSH's channels.c: an excess of a tenth of the window is tolerated. */
  receive(kind: OutputKind, data: Uint8Array): Received {
    const beyond = data.length - this.#window;
    if (beyond > 0) {
      this.#excess += beyond;
      this.#window = 0;
      if (this.#excess > this.size / 10) {
        return "exceeded";
      }
    } else {
      this.#window -= data.length;
      this.#excess = 0;
    }
    if (this.#paused || this.#flowing || this.#queue.length > 0) {
      this.#queue.push(kind, data);
      this.#flow();
    } else if (data.length > 0) {
      this.#flowing = true;
      this.#deliver(kind, data);
      this.#flowing = false;
      this.#flow();
    }
    return beyond > 0 ? "excess" : "kept";
  }

  /** Ignored data uses up the window too, so it is given back. */
  skip(bytes: number): void {
    this.#window = Math.max(0, this.#window - bytes);
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
   * No more data will come; `closed` is called after the rest is delivered.
   * @param rest what to do with data held back by `pause`: wait for `resume`, deliver it now (at most one window), or
   *   drop it.
   */
  close(rest: "wait" | "deliver" | "drop"): void {
    this.#closed = true;
    if (rest === "wait") {
      this.#flow();
      return;
    }
    if (rest === "drop" && this.#paused) {
      this.#queue.clear();
    }
    if (this.#started || rest === "drop") {
      this.resume();
    } else {
      // The opener gets the channel in a later microtask, and can listen only then.
      setImmediate(guarded(() => this.resume()));
    }
  }

  #flow(): void {
    // A listener may pause, resume or close: only one loop delivers, which keeps the order.
    if (this.#flowing) {
      return;
    }
    this.#flowing = true;
    while (!this.#paused) {
      const next = this.#queue.shift();
      if (next === undefined) {
        break;
      }
      this.#deliver(next.kind, next.data);
    }
    this.#flowing = false;
    // Before the first `resume` there may be no listener yet, so the end waits for it too.
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

  #deliver(kind: OutputKind, data: Uint8Array): void {
    // The listener may have released the data.
    const { length } = data;
    this.#sink.data(kind, data);
    this.#giveBack(length);
  }

  /** Given back in quarters: early enough that the peer never waits, and rarely enough to cost nothing. */
  #giveBack(bytes: number): void {
    this.#delivered += bytes;
    if (this.#delivered >= this.size / 4 && !this.#closed && !this.#eof) {
      // Data beyond the window was delivered too, but the window never grows beyond its size.
      const grant = Math.min(this.#delivered, this.size - this.#window);
      this.#delivered = 0;
      this.#window += grant;
      this.#sink.grant(grant);
    }
  }
}
