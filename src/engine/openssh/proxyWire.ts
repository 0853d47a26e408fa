import type { Socket } from "node:net";
import type { SocketWire, WireEvents } from "../channelConnection.ts";
import { encodeDataHead } from "../channels/messages.ts";
import type { MuxFrames } from "../mux/muxFrames.ts";
import { decodeProxyBody, encodeProxyFrame, proxyFrameHead } from "../mux/muxMessages.ts";
import { SocketBackpressure } from "../transport/socketBackpressure.ts";

/**
 * RFC 4254 messages over a master's proxy socket (PROTOCOL.mux, section 5): `u32 length | u8 padding length |
 * message`. The master does encryption, sequence numbers and key exchanges.
 */
export class ProxyWire implements SocketWire {
  readonly #socket: Socket;
  readonly #events: WireEvents;
  readonly #backpressure: SocketBackpressure;
  readonly #frames: MuxFrames;
  #ended = false;

  /** @param frames with what arrived after the reply that started the proxy mode; `start` begins to read */
  constructor(socket: Socket, frames: MuxFrames, events: WireEvents) {
    this.#socket = socket;
    this.#frames = frames;
    this.#events = events;
    this.#backpressure = new SocketBackpressure(socket, events);
  }

  get congested(): boolean {
    return this.#backpressure.isFull;
  }

  get waiting(): number {
    return this.#backpressure.waiting;
  }

  send(bytes: Uint8Array): void {
    this.#write(encodeProxyFrame(bytes));
  }

  sendData(recipient: number, data: Uint8Array): void {
    const head = encodeDataHead(recipient, data.length);
    this.#write(Buffer.concat([proxyFrameHead(head.length + data.length), head]));
    this.#write(data);
  }

  start(): void {
    this.#socket.on("data", (data: Buffer) => {
      this.#events.received(data.length);
      this.#frames.push(data);
      this.#read();
    });
    this.#read();
    this.#socket.resume();
  }

  end(): void {
    this.#ended = true;
  }

  #write(bytes: Uint8Array): void {
    if (!this.#ended) {
      this.#socket.write(bytes);
    }
  }

  #read(): void {
    try {
      while (!this.#ended) {
        const frame = this.#frames.next();
        if (frame === undefined) {
          return;
        }
        const bytes = decodeProxyBody(frame);
        if (bytes === undefined) {
          this.#events.malformed("a malformed frame");
          return;
        }
        this.#events.receive(bytes);
      }
    } catch (error) {
      if (!(error instanceof RangeError)) {
        throw error;
      }
      this.#events.malformed(error.message);
    }
  }
}
