import type { Socket } from "node:net";
import { wireUint32 } from "../../base/wire.ts";
import { message } from "../channels/messages.ts";
import type { Wire } from "../channels/wire.ts";
import { bundleWrites } from "../transport/bundledWrites.ts";
import { ReadGate } from "../transport/readGate.ts";

/** As in the ssh2 engine: data waits in its channel above the first, nothing is read above the second. Bytes. */
const socketMark = 128 * 1024;
const readMark = 1024 * 1024;

/** CHANNEL_MUX_MAX_PACKET in OpenSSH's channels.c: no frame is longer. */
const longestFrame = 256 * 1024;

/** Stock masters and clients reject shorter frames, so that a message without a body is padded. */
const shortestFrame = 5;

export interface ProxyWireEvents {
  receive(message: Buffer): void;
  received(bytes: number): void;
  sent(bytes: number): void;
  /** The wire takes data again. */
  drained(): void;
  malformed(what: string): void;
}

/**
 * RFC 4254 messages over a master's proxy socket (PROTOCOL.mux, section 5): `u32 length | u8 padding length | message`.
 * Without encryption, sequence numbers and key exchanges: those are the master's.
 */
export class ProxyWire implements Wire {
  readonly #socket: Socket;
  readonly #events: ProxyWireEvents;
  readonly #reading: ReadGate;
  #input: Buffer;
  #ended = false;

  /** @param input what came behind the reply that started the proxy mode. `start` begins to read. */
  constructor(socket: Socket, input: Buffer, events: ProxyWireEvents) {
    this.#socket = socket;
    this.#input = input;
    this.#events = events;
    this.#reading = new ReadGate(socket);
    bundleWrites(
      socket,
      (bytes) => events.sent(bytes),
      (goesOn) => {
        if (!goesOn && socket.writableLength > readMark) {
          this.#reading.stop("replies", true);
        }
      },
    );
  }

  get congested(): boolean {
    return this.#socket.writableNeedDrain && this.#socket.writableLength > socketMark;
  }

  /** Bytes that the socket did not take yet. */
  get waiting(): number {
    return this.#socket.writableLength;
  }

  send(bytes: Uint8Array): void {
    const padding = Math.max(0, shortestFrame - 1 - bytes.length);
    this.#write(Buffer.concat([head(bytes.length + padding), bytes, Buffer.alloc(padding)]));
  }

  sendData(recipient: number, data: Uint8Array): void {
    const front = [head(9 + data.length), Buffer.of(message.channelData), wireUint32(recipient)];
    this.#write(Buffer.concat([...front, wireUint32(data.length)]));
    this.#write(data);
  }

  start(): void {
    this.#socket.on("data", (data: Buffer) => {
      this.#events.received(data.length);
      this.#input = this.#input.length === 0 ? data : Buffer.concat([this.#input, data]);
      this.#read();
    });
    this.#socket.on("drain", () => {
      this.#reading.stop("replies", false);
      this.#events.drained();
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
    let at = 0;
    while (!this.#ended && this.#input.length - at >= 4) {
      const length = this.#input.readUInt32BE(at);
      if (length < 2 || length > longestFrame) {
        this.#events.malformed(`a frame of ${length} bytes`);
        return;
      }
      if (this.#input.length - at < 4 + length) {
        break;
      }
      const padding = this.#input[at + 4] ?? 0;
      const from = at + 5;
      at += 4 + length;
      if (padding >= length - 1) {
        this.#events.malformed("a padding that is longer than its frame");
        return;
      }
      this.#events.receive(this.#input.subarray(from, at - padding));
    }
    this.#input = this.#input.subarray(at);
  }
}

function head(length: number): Buffer {
  return Buffer.concat([wireUint32(length + 1), Buffer.of(0)]);
}
