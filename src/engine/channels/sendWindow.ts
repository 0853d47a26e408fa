import { largestWindow } from "./messages.ts";

interface Outlet {
  send(data: Uint8Array): void;
  sendEof(): void;
  /** The socket has enough data. When it has room again, `pump` is called on the parked channels in turn. */
  readonly congested: boolean;
  park(): void;
  drained(): void;
}

/** With more queued bytes `write` returns false; below a quarter of it the writer is called again. */
const highMark = 256 * 1024;
const lowMark = highMark / 4;

/** A larger packet is allowed if the peer says so, but every peer must accept this size (RFC 4253 section 6.1). */
const largestPacket = 32 * 1024;

/** The sending side of a channel (RFC 4254 section 5.2): data that waits for the peer's window or for the socket. */
export class SendWindow {
  readonly #outlet: Outlet;
  #queue: Uint8Array[] = [];
  #queued = 0;
  #window = 0;
  #packet = 0;
  #needDrain = false;
  #eof: "no" | "wanted" | "sent" = "no";
  #closed = false;
  #discards = false;

  constructor(outlet: Outlet) {
    this.#outlet = outlet;
  }

  get queued(): number {
    return this.#queued;
  }

  /** The number of bytes that the peer still accepts. */
  get window(): number {
    return this.#window;
  }

  get eofSent(): boolean {
    return this.#eof === "sent";
  }

  /** The peer has confirmed the channel. */
  open(window: number, packet: number): void {
    this.#window = window;
    this.#packet = Math.min(Math.max(1, packet), largestPacket);
  }

  /** @returns whether the writer may continue. */
  write(data: Uint8Array): boolean {
    if (this.#eof !== "no" || this.#closed) {
      return false;
    }
    if (data.length > 0 && !this.#discards) {
      this.#queue.push(data);
      this.#queued += data.length;
      this.pump();
    }
    this.#needDrain ||= this.#queued >= highMark;
    return !this.#needDrain;
  }

  /** @returns false when the window would exceed the maximum of RFC 4254 section 5.2 */
  grant(bytes: number): boolean {
    if (this.#window + bytes > largestWindow) {
      return false;
    }
    this.#window += bytes;
    this.pump();
    return true;
  }

  /** Sent after the queued data. */
  eof(): void {
    if (this.#eof === "no") {
      this.#eof = "wanted";
      this.pump();
    }
  }

  /** Sends nothing more and drops the queue. */
  close(): void {
    this.#closed = true;
    this.#queue = [];
    this.#queued = 0;
  }

  /** The peer's program stopped reading: drop queued and later data. */
  discard(): void {
    this.#discards = true;
    this.#queue = [];
    this.#queued = 0;
    this.pump();
  }

  /** Sends what the window and the socket allow, at most `packets`. */
  pump(packets = Number.POSITIVE_INFINITY): void {
    if (this.#closed) {
      return;
    }
    for (let sent = 0; sent < packets && this.#window > 0; sent++) {
      const first = this.#queue[0];
      if (first === undefined) {
        break;
      }
      if (this.#outlet.congested) {
        break;
      }
      const length = Math.min(first.length, this.#window, this.#packet);
      this.#window -= length;
      this.#queued -= length;
      if (length === first.length) {
        this.#queue.shift();
      } else {
        this.#queue[0] = first.subarray(length);
      }
      this.#outlet.send(first.subarray(0, length));
    }
    if (this.#queue.length > 0 && this.#window > 0) {
      this.#outlet.park();
    }
    if (this.#queue.length === 0 && this.#eof === "wanted") {
      this.#eof = "sent";
      this.#outlet.sendEof();
      this.#needDrain = true;
    }
    if (this.#needDrain && this.#queued <= lowMark) {
      this.#needDrain = false;
      this.#outlet.drained();
    }
  }
}
