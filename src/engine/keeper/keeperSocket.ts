import type { Socket } from "node:net";
import { Emitter } from "../../base/emitter.ts";
import { asError } from "../../base/errors.ts";
import { guarded } from "../../base/guarded.ts";
import { wireUint32 } from "../../base/wire.ts";
import { connectionEnded } from "../engineErrors.ts";
import { MuxFrames } from "../mux/muxFrames.ts";
import { field, fromJson, toJson } from "./keeperJson.ts";

/** The first byte of a frame's body. */
const frameType = { json: 0, stdout: 1, stderr: 2, consumed: 3 } as const;

/** A frame holds at most 256 KiB; data is cut to this size. */
const largestData = 64 * 1024;

/** Calls of the other side that run at the same time, and bytes of replies that it has not read, at most. */
const mostRunning = 256;
const mostUnread = 16 * 1024 * 1024;

export type KeeperDataKind = "stdout" | "stderr";

/** Answers a call of the other side. `signal` aborts when the caller gives up or the socket closes. */
export type CallHandler = (args: unknown, signal: AbortSignal) => Promise<unknown>;

interface Pending {
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/**
 * One conversation of a window and the keeper over a local socket: calls with replies, notes without, and data. Frames
 * are a length as uint32 and a body, whose first byte is its type.
 */
export class KeeperSocket {
  readonly #socket: Socket;
  readonly #frames = new MuxFrames();
  readonly #handlers = new Map<string, CallHandler>();
  readonly #noteHandlers = new Map<string, (args: unknown) => void>();
  readonly #pending = new Map<number, Pending>();
  readonly #running = new Map<number, AbortController>();
  readonly #data = new Emitter<{ readonly kind: KeeperDataKind; readonly data: Buffer }>();
  readonly #consumed = new Emitter<number>();
  readonly #closed = new Emitter<void>();
  #nextCall = 1;
  #isClosed = false;

  readonly onDidReceive = this.#data.event;
  /** The other side has consumed this many bytes of data. */
  readonly onDidConsume = this.#consumed.event;
  /** Fires once, after all that was received before. */
  readonly onDidClose = this.#closed.event;

  /** Reads from now on: handlers are to be set in the same turn. */
  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("error", () => {});
    socket.on(
      "data",
      guarded((data: Buffer) => this.#receive(data)),
    );
    socket.on(
      "end",
      guarded(() => this.destroy()),
    );
    socket.on(
      "close",
      guarded(() => this.#onClose()),
    );
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  handle(name: string, handler: CallHandler): void {
    this.#handlers.set(name, handler);
  }

  onNote(name: string, handler: (args: unknown) => void): void {
    this.#noteHandlers.set(name, handler);
  }

  /** Rejects with the error of the other side, ChannelError `connection-ended`, or the signal's reason. */
  call(name: string, args: unknown, signal?: AbortSignal): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      if (this.#isClosed) {
        reject(connectionEnded());
        return;
      }
      const id = this.#nextCall++;
      const onAbort = (): void => {
        settle();
        this.#send({ cancel: id });
        reject(signal?.reason);
      };
      const settle = (): void => {
        this.#pending.delete(id);
        signal?.removeEventListener("abort", onAbort);
      };
      signal?.addEventListener("abort", onAbort, { once: true });
      this.#pending.set(id, {
        resolve: (value) => {
          settle();
          resolve(value);
        },
        reject: (error) => {
          settle();
          reject(error);
        },
      });
      this.#send({ call: id, name, args });
    });
  }

  note(name: string, args?: unknown): void {
    this.#send({ note: name, args });
  }

  data(data: Uint8Array, kind: KeeperDataKind = "stdout"): void {
    for (let at = 0; at < data.length; at += largestData) {
      const part = data.subarray(at, at + largestData);
      this.#frame(kind === "stdout" ? frameType.stdout : frameType.stderr, part);
    }
  }

  consumed(bytes: number): void {
    this.#frame(frameType.consumed, wireUint32(bytes));
  }

  /** Reads nothing more, not even the end of the other side. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** What was sent before still arrives. */
  end(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
    this.#onClose();
  }

  #send(message: object): void {
    this.#frame(frameType.json, Buffer.from(toJson(message)));
  }

  #frame(type: number, body: Uint8Array): void {
    if (!this.#isClosed && this.#socket.writable) {
      this.#socket.write(Buffer.concat([wireUint32(1 + body.length), Buffer.of(type), body]));
    }
  }

  #receive(chunk: Buffer): void {
    this.#frames.push(chunk);
    try {
      for (let frame = this.#frames.next(); frame !== undefined; frame = this.#frames.next()) {
        this.#take(frame[0], frame.subarray(1));
      }
    } catch (error) {
      if (!(error instanceof RangeError) && !(error instanceof SyntaxError)) {
        throw error;
      }
      this.destroy();
    }
  }

  #take(type: number | undefined, body: Buffer): void {
    switch (type) {
      case frameType.stdout:
      case frameType.stderr:
        this.#data.fire({ kind: type === frameType.stdout ? "stdout" : "stderr", data: body });
        return;
      case frameType.consumed:
        this.#consumed.fire(body.readUInt32BE());
        return;
      case frameType.json:
        this.#message(fromJson(body.toString()));
        return;
      default:
    }
  }

  #message(message: unknown): void {
    const [call, reply, cancel, note] = ["call", "reply", "cancel", "note"].map((key) => field(message, key));
    if (typeof call === "number") {
      if (this.#running.size >= mostRunning || this.#socket.writableLength > mostUnread) {
        throw new RangeError("Too many calls");
      }
      void this.#answer(call, String(field(message, "name")), field(message, "args"));
    } else if (typeof reply === "number") {
      const pending = this.#pending.get(reply);
      const error = field(message, "error");
      if (error === undefined) {
        pending?.resolve(field(message, "value"));
      } else {
        pending?.reject(error);
      }
    } else if (typeof cancel === "number") {
      this.#running.get(cancel)?.abort(connectionEnded());
    } else if (typeof note === "string") {
      this.#noteHandlers.get(note)?.(field(message, "args"));
    }
  }

  async #answer(id: number, name: string, args: unknown): Promise<void> {
    const running = new AbortController();
    this.#running.set(id, running);
    try {
      const handler = this.#handlers.get(name);
      if (handler === undefined) {
        throw new Error(`There is no call ${name}`);
      }
      this.#send({ reply: id, value: await handler(args, running.signal) });
    } catch (error) {
      this.#send({ reply: id, error: asError(error) });
    } finally {
      this.#running.delete(id);
    }
  }

  #onClose(): void {
    if (this.#isClosed) {
      return;
    }
    this.#isClosed = true;
    for (const { reject } of [...this.#pending.values()]) {
      reject(connectionEnded());
    }
    for (const running of [...this.#running.values()]) {
      running.abort(connectionEnded());
    }
    this.#closed.fire();
    this.#closed.dispose();
    this.#data.dispose();
    this.#consumed.dispose();
  }
}
