import type { Socket } from "node:net";
import { Emitter } from "../../base/emitter.ts";
import { guarded } from "../../base/guarded.ts";
import type { ChannelDetails, ChannelExit, EngineChannel, OutputKind } from "../connectionEngine.ts";

/** Above this many bytes that the socket has not accepted yet, `write` asks the caller to wait. */
const queueMark = 64 * 1024;

/**
 * A channel for a connection that the master forwards to our socket. Only the master knows its channel on the wire.
 */
export class SocketChannel implements EngineChannel {
  readonly ptyRefused = false;
  readonly #socket: Socket;
  readonly #type: string;
  readonly #received = new Emitter<{ readonly kind: OutputKind; readonly data: Uint8Array }>();
  readonly onDidReceive = this.#received.event;
  readonly #eof = new Emitter<void>();
  readonly onDidReceiveEof = this.#eof.event;
  readonly #closed = new Emitter<{ readonly exit: ChannelExit; readonly lost: boolean }>();
  readonly onDidClose = this.#closed.event;
  readonly #drained = new Emitter<void>();
  readonly onDidDrain = this.#drained.event;
  #bytesIn = 0;
  #bytesOut = 0;
  #eofSent = false;
  #eofReceived = false;
  #closeSent = false;
  #lost = false;
  #ended = false;

  /** @param socket paused, with allowHalfOpen; the channel owns it from now on */
  constructor(socket: Socket, type: string) {
    this.#socket = socket;
    this.#type = type;
    socket.on(
      "data",
      guarded((data: Buffer) => {
        this.#bytesIn += data.length;
        this.#received.fire({ kind: "stdout", data });
      }),
    );
    socket.pause();
    socket.on(
      "end",
      guarded(() => {
        this.#eofReceived = true;
        this.#eof.fire();
      }),
    );
    socket.on(
      "drain",
      guarded(() => this.#drained.fire()),
    );
    socket.on(
      "finish",
      guarded(() => this.#drained.fire()),
    );
    socket.on("error", () => {});
    socket.on(
      "close",
      guarded(() => {
        this.#ended = true;
        this.#closed.fire({ exit: {}, lost: this.#lost });
        for (const emitter of [this.#received, this.#eof, this.#closed, this.#drained]) {
          emitter.dispose();
        }
      }),
    );
  }

  get queuedBytes(): number {
    return this.#ended ? 0 : this.#socket.writableLength;
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  write(data: Uint8Array): boolean {
    if (this.#ended || this.#eofSent || this.#closeSent) {
      return false;
    }
    this.#bytesOut += data.length;
    this.#socket.write(data);
    return this.#socket.writableLength <= queueMark || !this.#socket.writableNeedDrain;
  }

  eof(): void {
    if (!this.#eofSent && !this.#ended) {
      this.#eofSent = true;
      this.#socket.end();
    }
  }

  resize(): void {}

  signal(): void {}

  sendBreak(): boolean {
    return false;
  }

  /** Data written before an `eof` is still delivered: the master reads it as the peer's data. */
  close(): void {
    if (this.#closeSent) {
      return;
    }
    this.#closeSent = true;
    if (this.#eofSent && !this.#socket.writableFinished) {
      this.#socket.once("finish", () => this.#socket.destroy());
    } else {
      this.#socket.destroy();
    }
  }

  /** The underlying connection has ended. */
  connectionEnded(): void {
    this.#lost = true;
    this.#socket.destroy();
  }

  details(): ChannelDetails {
    return {
      type: this.#type,
      bytesIn: this.#bytesIn,
      bytesOut: this.#bytesOut,
      eofSent: this.#eofSent,
      eofReceived: this.#eofReceived,
      closeSent: this.#closeSent,
      closeReceived: this.#ended,
      requests: [],
    };
  }
}
