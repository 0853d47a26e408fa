import type { Socket } from "node:net";
import { performance } from "node:perf_hooks";

export interface FlowLimits {
  readonly bytesPerSecond?: number;
  /** One direction. */
  readonly delayMs?: number;
}

/** The most data that is queued before the sender is stopped. A delay needs room for the data in transit. */
const roomOnSlowLink = 64 * 1024;
const roomOnFarLink = 8 * 1024 * 1024;
/** A slow link passes this many pieces a second, so that it is slow but smooth. */
const piecesPerSecond = 50;

/** Carries bytes from one socket to another at the given speed, followed by the end. */
export class Pump {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #queue: { readonly due: number; data: Buffer }[] = [];
  #queued = 0;
  /** Bytes received so far. */
  received = 0;
  #limits: FlowLimits = {};
  #frozen = false;
  #ended = false;
  #finished = false;
  #waitsForDrain = false;
  #freeAt = 0;
  #timer: NodeJS.Timeout | undefined;
  #cut: { left: number; act: () => void } | undefined;

  constructor(from: Socket, to: Socket) {
    this.#from = from;
    this.#to = to;
    from.on("data", (data: Buffer) => this.#take(data));
    from.on("end", () => {
      this.#ended = true;
      this.#run();
    });
    to.on("drain", () => {
      this.#waitsForDrain = false;
      this.#run();
    });
  }

  set(limits: FlowLimits, frozen: boolean): void {
    this.#limits = limits;
    this.#frozen = frozen;
    this.#freeAt = 0;
    this.#run();
  }

  /** Runs `act` instead of passing more than `bytes`. */
  cutAfter(bytes: number, act: () => void): void {
    this.#cut = { left: bytes, act };
  }

  /** Ends now: later data is dropped. */
  finish(): void {
    if (!this.#finished) {
      this.#finished = true;
      this.#queue.length = 0;
      this.#queued = 0;
      this.#to.end();
    }
  }

  dispose(): void {
    clearTimeout(this.#timer);
  }

  #take(data: Buffer): void {
    if (this.#finished) {
      return;
    }
    this.#queue.push({ due: performance.now() + (this.#limits.delayMs ?? 0), data });
    this.#queued += data.length;
    this.received += data.length;
    this.#run();
  }

  #run(): void {
    clearTimeout(this.#timer);
    while (!this.#frozen && !this.#waitsForDrain && !this.#finished && !this.#to.destroyed) {
      const head = this.#queue[0];
      if (head === undefined) {
        if (this.#ended) {
          this.finish();
        }
        break;
      }
      const wait = Math.max(head.due, this.#freeAt) - performance.now();
      if (wait > 0) {
        this.#timer = setTimeout(() => this.#run(), Math.ceil(wait));
        break;
      }
      this.#pass(head);
    }
    this.#feelPressure();
  }

  #pass(head: { data: Buffer }): void {
    const rate = this.#limits.bytesPerSecond ?? Number.POSITIVE_INFINITY;
    const piece = head.data.subarray(
      0,
      Math.max(1, Math.min(rate / piecesPerSecond, this.#cut?.left ?? Infinity)),
    );
    if (this.#cut?.left === 0) {
      this.#finished = true;
      this.#cut.act();
      return;
    }
    if (piece.length === head.data.length) {
      this.#queue.shift();
    } else {
      head.data = head.data.subarray(piece.length);
    }
    this.#queued -= piece.length;
    if (this.#cut !== undefined) {
      this.#cut.left -= piece.length;
    }
    this.#freeAt = performance.now() + (piece.length / rate) * 1000;
    this.#waitsForDrain = !this.#to.write(piece);
  }

  #feelPressure(): void {
    const room = (this.#limits.delayMs ?? 0) > 0 ? roomOnFarLink : roomOnSlowLink;
    if (this.#queued > room || this.#frozen) {
      this.#from.pause();
    } else {
      this.#from.resume();
    }
  }
}
