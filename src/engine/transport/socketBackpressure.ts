import type { Duplex } from "node:stream";
import { guarded } from "../../base/guarded.ts";
import type { WireEvents } from "../channelConnection.ts";
import { type BundledWrites, bundleWrites } from "./bundledWrites.ts";
import { ReadGate } from "./readGate.ts";

/** With more bytes than this waiting in the socket, channels wait: a keystroke must not queue behind an upload. */
const socketMark = 128 * 1024;

/**
 * With more bytes than this waiting in the socket, reading stops. Data already stops at `socketMark`: the excess are
 * replies to a peer that sends requests and does not read. OpenSSH waits at once (ssh_packet_write_wait).
 */
const readMark = 1024 * 1024;

/** The back-pressure of a wire's socket, on our data and on reading. Bundles the socket's writes. */
export class SocketBackpressure {
  readonly #socket: Duplex;
  readonly #reading: ReadGate;
  readonly #writes: BundledWrites;
  #ended = false;

  /** @param ownsPieces nobody else uses the memory of what is written */
  constructor(socket: Duplex, events: Pick<WireEvents, "sent" | "drained">, ownsPieces = false) {
    this.#socket = socket;
    this.#reading = new ReadGate(socket);
    socket.on(
      "drain",
      guarded(() => {
        this.#reading.stop("replies", false);
        events.drained();
      }),
    );
    this.#writes = bundleWrites(
      socket,
      (bytes) => events.sent(bytes),
      (goesOn) => {
        if (!goesOn && socket.writableLength > readMark && !this.#ended) {
          this.#reading.stop("replies", true);
        }
      },
      ownsPieces,
    );
  }

  /** Bytes that the socket has not accepted yet. */
  get waiting(): number {
    return this.#socket.writableLength;
  }

  /** Data must wait in its channel. */
  get isFull(): boolean {
    // A stream emits `drain` only after it has returned false once.
    return this.isAbove(this.#socket.writableNeedDrain ? this.waiting : 0);
  }

  /** Whether so many bytes are too many to wait before a keystroke. */
  isAbove(bytes: number): boolean {
    return bytes > socketMark;
  }

  /** Earlier packets are still being processed: reading waits. */
  holdReading(on: boolean): void {
    this.#reading.stop("packets", on);
  }

  /** What was written goes to the socket now. */
  end(): void {
    this.#ended = true;
    this.#writes.flush();
  }
}
