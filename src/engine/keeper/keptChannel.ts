import { Emitter } from "../../base/emitter.ts";
import type {
  ChannelDetails,
  Dimensions,
  EngineChannel,
  KeptSession,
  OutputKind,
} from "../connectionEngine.ts";
import { dataWindow, type KeptClosed, type KeptOpened } from "./keeperMessages.ts";
import type { KeeperSocket } from "./keeperSocket.ts";

/** Bytes of queued input above which `write` returns false. */
const inputMark = 64 * 1024;

/**
 * A session of the keeper, while this window is attached to it. When its socket closes without a reason, the keeper has
 * ended.
 */
export class KeptChannel implements EngineChannel {
  readonly ptyRefused: boolean;
  readonly kept: KeptSession;
  readonly #socket: KeeperSocket;
  readonly #opened: KeptOpened;
  readonly #received = new Emitter<{ readonly kind: OutputKind; readonly data: Uint8Array }>();
  readonly #eofReceived = new Emitter<void>();
  readonly #closed = new Emitter<KeptClosed>();
  readonly #drained = new Emitter<void>();
  readonly #output: { readonly kind: OutputKind; readonly data: Uint8Array }[] = [];
  readonly #input: Uint8Array[] = [];
  #inputBytes = 0;
  /** Bytes of input that were sent and not consumed yet. */
  #unconsumed = 0;
  #isPaused = true;
  #isFlowing = false;
  #gotEof = false;
  #end: KeptClosed | undefined;
  /** The socket has closed, or this window has left. */
  #isOver = false;
  #eof: "no" | "asked" | "sent" = "no";
  #bytesIn = 0;
  #bytesOut = 0;

  readonly onDidReceive = this.#received.event;
  readonly onDidReceiveEof = this.#eofReceived.event;
  readonly onDidClose = this.#closed.event;
  readonly onDidDrain = this.#drained.event;

  constructor(socket: KeeperSocket, opened: KeptOpened) {
    this.#socket = socket;
    this.#opened = opened;
    this.ptyRefused = opened.ptyRefused;
    this.kept = {
      limitedFor: opened.limitedFor,
      idleFor: opened.idleFor,
      extend: () => socket.note("extend"),
      leave: () => this.#leave(),
    };
    // Nothing comes before `ready` below.
    socket.onDidReceive((piece) => {
      this.#output.push(piece);
      this.#flow();
    });
    socket.onDidConsume((bytes) => {
      this.#unconsumed -= bytes;
      this.#send();
      if (this.queuedBytes < inputMark) {
        this.#drained.fire();
      }
    });
    socket.onNote("eof", () => {
      this.#gotEof = true;
      this.#flow();
    });
    socket.onNote("closed", (end) => {
      // A keeper of the same protocol says so.
      this.#end = end as KeptClosed;
      this.#flow();
    });
    socket.onDidClose(() => {
      this.#end ??= { exit: {}, lost: true };
      this.#flow();
    });
    socket.note("ready");
  }

  get queuedBytes(): number {
    return this.#inputBytes + this.#unconsumed;
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#flow();
  }

  write(data: Uint8Array): boolean {
    if (this.#isOver || this.#eof !== "no") {
      return false;
    }
    this.#bytesOut += data.length;
    this.#input.push(data);
    this.#inputBytes += data.length;
    this.#send();
    return this.queuedBytes < inputMark;
  }

  eof(): void {
    if (this.#eof === "no") {
      this.#eof = "asked";
      this.#send();
    }
  }

  resize(dimensions: Dimensions): void {
    this.#socket.note("resize", dimensions);
  }

  signal(name: string): void {
    this.#socket.note("signal", name);
  }

  sendBreak(milliseconds: number): boolean {
    this.#socket.note("break", milliseconds);
    return !this.#isOver;
  }

  close(): void {
    this.#input.length = 0;
    this.#inputBytes = 0;
    this.#socket.note("close");
  }

  details(): ChannelDetails {
    // As those of a channel: since it was opened, whatever window was attached.
    return {
      ...this.#opened.details,
      bytesIn: this.#opened.details.bytesIn + this.#bytesIn,
      bytesOut: this.#opened.input + this.#bytesOut,
      eofSent: this.#eof === "sent",
    };
  }

  #leave(): void {
    this.#isOver = true;
    this.#output.length = 0;
    // What was typed before still arrives.
    for (const piece of this.#input.splice(0)) {
      this.#socket.data(piece);
    }
    this.#socket.end();
    this.#received.dispose();
    this.#closed.dispose();
  }

  #send(): void {
    while (this.#unconsumed < dataWindow) {
      const next = this.#input.shift();
      if (next === undefined) {
        break;
      }
      const room = dataWindow - this.#unconsumed;
      const piece = next.subarray(0, room);
      if (next.length > room) {
        this.#input.unshift(next.subarray(room));
      }
      this.#inputBytes -= piece.length;
      this.#unconsumed += piece.length;
      this.#socket.data(piece);
    }
    if (this.#eof === "asked" && this.#inputBytes === 0) {
      this.#eof = "sent";
      this.#socket.note("eof");
      this.#drained.fire();
    }
  }

  #flow(): void {
    // A listener may pause or resume.
    if (this.#isFlowing || this.#isOver) {
      return;
    }
    this.#isFlowing = true;
    for (let piece = this.#next(); piece !== undefined; piece = this.#next()) {
      this.#bytesIn += piece.data.length;
      this.#socket.consumed(piece.data.length);
      this.#received.fire(piece);
    }
    this.#isFlowing = false;
    if (this.#output.length > 0) {
      return;
    }
    if (this.#gotEof) {
      this.#gotEof = false;
      this.#eofReceived.fire();
    }
    if (this.#end !== undefined && !this.#isOver) {
      this.#isOver = true;
      this.#socket.end();
      this.#closed.fire(this.#end);
    }
  }

  #next(): { readonly kind: OutputKind; readonly data: Uint8Array } | undefined {
    return this.#isPaused || this.#isOver ? undefined : this.#output.shift();
  }
}
