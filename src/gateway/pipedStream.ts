import { Duplex } from "node:stream";
import { WireReader, wireUint32 } from "../base/wire.ts";
import {
  decodeOpen,
  decodeRequest,
  encode,
  encodeDataHead,
  encodeOpenFailure,
  encodeRequest,
  maximumPacketSize,
  message,
  openFailureCode,
} from "../engine/channels/messages.ts";
import { claimVariable } from "../engine/channels/relay/relayTypes.ts";

/** Bytes that the client may send before we have taken them. */
const window = 2 * 1024 * 1024;

export interface PipedStreamInit {
  /** Sends a message of RFC 4254 to the client. @returns false: wait for `drained` */
  send(message: Buffer): boolean;
  /** Stops and continues reading what the client sends. */
  hold(on: boolean): void;
  /** The client wants its session to be the stream. */
  started(claim: string | undefined): void;
  /** The client did what the protocol forbids, or its session is over. */
  over(): void;
}

/**
 * The standard input and output of a client in OpenSSH's proxy mode, as a stream: `ssh -O proxy` then does what `nc -U`
 * does, and every machine with `ssh` has it. The client has one session channel, with our number 0.
 */
export class PipedStream extends Duplex {
  readonly #init: PipedStreamInit;
  /** Of the client, once its channel is open. */
  #peer: number | undefined;
  #room = 0;
  #packet = 0;
  #taken = 0;
  #claim: string | undefined;
  #isStarted = false;
  #eof = false;
  #isBlocked = false;
  #waiting: { data: Buffer; done: (error?: Error | null) => void } | undefined;

  constructor(init: PipedStreamInit) {
    super({ allowHalfOpen: true, readableHighWaterMark: window, writableHighWaterMark: 256 * 1024 });
    this.#init = init;
  }

  /** A message of the client. */
  receive(bytes: Buffer): void {
    const body = new WireReader(bytes, 1);
    switch (bytes[0]) {
      case message.channelOpen:
        this.#open(body);
        break;
      case message.globalRequest:
        if (decodeRequest(body)?.wantReply === true) {
          this.#init.send(encode(message.requestFailure));
        }
        break;
      case message.channelRequest:
        this.#request(body);
        break;
      case message.channelData:
        this.#data(body);
        break;
      case message.channelWindowAdjust:
        body.uint32();
        this.#room += body.uint32() ?? 0;
        this.#flush();
        break;
      case message.channelEof:
        this.#endReading();
        break;
      case message.channelClose:
        this.#endReading();
        this.#init.over();
        break;
      default:
        break;
    }
  }

  /** The client accepts data again. */
  drained(): void {
    this.#isBlocked = false;
    this.#flush();
  }

  override _read(): void {
    this.#init.hold(false);
  }

  override _write(data: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#waiting = { data, done };
    this.#flush();
  }

  override _final(done: (error?: Error | null) => void): void {
    if (this.#peer !== undefined) {
      const peer = wireUint32(this.#peer);
      this.#init.send(encodeRequest(this.#peer, "exit-status", false, wireUint32(0)));
      this.#init.send(encode(message.channelEof, peer));
      this.#init.send(encode(message.channelClose, peer));
    }
    done();
    this.#init.over();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.done(error);
    done(error);
  }

  #endReading(): void {
    if (!this.#eof) {
      this.#eof = true;
      this.push(null);
    }
  }

  #open(body: WireReader): void {
    const open = decodeOpen(body);
    if (open?.type !== "session" || this.#peer !== undefined) {
      if (open !== undefined) {
        this.#init.send(
          encodeOpenFailure(open.sender, openFailureCode.administrativelyProhibited, "One session only"),
        );
      }
      return;
    }
    this.#peer = open.sender;
    this.#room = open.window;
    this.#packet = Math.min(open.packet, maximumPacketSize);
    const numbers = [open.sender, 0, window, maximumPacketSize].map(wireUint32);
    this.#init.send(encode(message.channelOpenConfirmation, ...numbers));
  }

  #request(body: WireReader): void {
    body.uint32();
    const request = decodeRequest(body);
    if (request === undefined || this.#peer === undefined) {
      return;
    }
    const { name, wantReply } = request;
    const starts = name === "subsystem" && !this.#isStarted;
    if (name === "env" && body.text() === claimVariable) {
      this.#claim = body.text();
    }
    if (wantReply) {
      const reply = starts ? message.channelSuccess : message.channelFailure;
      this.#init.send(encode(reply, wireUint32(this.#peer)));
    }
    if (starts) {
      this.#isStarted = true;
      this.#init.started(this.#claim);
    }
  }

  #data(body: WireReader): void {
    body.uint32();
    const data = body.string();
    if (data === undefined || this.#peer === undefined || this.#eof) {
      this.#init.over();
      return;
    }
    this.#taken += data.length;
    if (this.#taken > window) {
      this.#init.over();
      return;
    }
    // The frame's memory is used again.
    if (!this.push(Buffer.from(data))) {
      this.#init.hold(true);
    }
    if (this.#taken > window / 2) {
      this.#init.send(encode(message.channelWindowAdjust, wireUint32(this.#peer), wireUint32(this.#taken)));
      this.#taken = 0;
    }
  }

  #flush(): void {
    const waiting = this.#waiting;
    if (waiting === undefined || this.#peer === undefined) {
      return;
    }
    while (waiting.data.length > 0) {
      const size = Math.min(waiting.data.length, this.#room, this.#packet);
      if (size === 0 || this.#isBlocked) {
        return;
      }
      this.#room -= size;
      const head = encodeDataHead(this.#peer, size);
      this.#isBlocked = !this.#init.send(Buffer.concat([head, waiting.data.subarray(0, size)]));
      waiting.data = waiting.data.subarray(size);
    }
    this.#waiting = undefined;
    waiting.done();
  }
}
