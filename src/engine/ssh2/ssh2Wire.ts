import type { Duplex } from "node:stream";
import { guarded } from "../../base/guarded.ts";
import type { SocketWire, WireEvents } from "../channelConnection.ts";
import { type BundledWrites, bundleWrites } from "../transport/bundledWrites.ts";
import { ReadGate } from "../transport/readGate.ts";
import type { PacketWriter } from "./ssh2Internals.ts";

/** With more bytes than this waiting in the socket, channels wait: a keystroke must not queue behind an upload. */
const socketMark = 128 * 1024;

/**
 * With more bytes than this waiting in the socket, reading stops. Data already stops at `socketMark`: the excess are
 * replies to a peer that sends requests and does not read. OpenSSH waits at once (ssh_packet_write_wait).
 */
const readMark = 1024 * 1024;

/** ssh2's packet layer as a wire. Sends nothing until it has a writer. */
export class Ssh2Wire implements SocketWire {
  /** Each packet is decrypted into a new buffer. */
  readonly ownsMessages = true;
  readonly #socket: Duplex;
  readonly #reading: ReadGate;
  readonly #writes: BundledWrites;
  #ended = false;
  /** Set once ssh2 has been taken over. */
  writer: PacketWriter | undefined;

  constructor(socket: Duplex, events: Pick<WireEvents, "sent" | "drained">) {
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
    );
  }

  get congested(): boolean {
    // A stream emits `drain` only after it has returned false once.
    const socketIsFull = this.#socket.writableNeedDrain && this.waiting > socketMark;
    return socketIsFull || (this.writer?.heldBytes ?? 0) > socketMark;
  }

  get waiting(): number {
    return this.#socket.writableLength;
  }

  /** @param sent receives the packet's sequence number. */
  send(message: Uint8Array, sent?: (sequence: number) => void): void {
    this.writer?.send(message, sent);
  }

  sendData(recipient: number, data: Uint8Array): void {
    this.writer?.sendData(recipient, data);
  }

  /** Earlier packets are still being processed: reading waits. */
  holdReading(on: boolean): void {
    this.#reading.stop("packets", on);
  }

  /** What was sent goes to the socket before it is destroyed. */
  end(): void {
    this.#ended = true;
    this.writer?.end();
    this.#writes.flush();
  }
}
