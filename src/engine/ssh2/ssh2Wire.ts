import type { Duplex } from "node:stream";
import type { SocketWire, WireEvents } from "../channelConnection.ts";
import { SocketBackpressure } from "../transport/socketBackpressure.ts";
import type { PacketWriter } from "./ssh2Internals.ts";

/** ssh2's packet layer as a wire. Sends nothing until it has a writer. */
export class Ssh2Wire implements SocketWire {
  /** Each packet is decrypted into a new buffer. */
  readonly ownsMessages = true;
  readonly #backpressure: SocketBackpressure;
  /** Set once ssh2 has been taken over. */
  writer: PacketWriter | undefined;

  constructor(socket: Duplex, events: Pick<WireEvents, "sent" | "drained">) {
    // What ssh2 writes are packets, which were encrypted into memory of their own.
    this.#backpressure = new SocketBackpressure(socket, events, true);
  }

  get congested(): boolean {
    return this.#backpressure.isFull || this.#backpressure.isAbove(this.writer?.heldBytes ?? 0);
  }

  get waiting(): number {
    return this.#backpressure.waiting;
  }

  /** @param sent receives the packet's sequence number. */
  send(message: Uint8Array, sent?: (sequence: number) => void): void {
    this.writer?.send(message, sent);
  }

  sendData(recipient: number, data: Uint8Array): void {
    this.writer?.sendData(recipient, data);
  }

  holdReading(on: boolean): void {
    this.#backpressure.holdReading(on);
  }

  /** What was sent goes to the socket before it is destroyed. */
  end(): void {
    this.writer?.end();
    this.#backpressure.end();
  }
}
