import { connect, type Socket } from "node:net";
import { SshSessionsError } from "../../base/errors.ts";
import { guarded } from "../../base/guarded.ts";
import { printable } from "../../base/log.ts";
import { WireReader, wireUint32 } from "../../base/wire.ts";
import { encodeMuxRequest, framed, type MuxReply, mux, muxVersion } from "./muxMessages.ts";

export type MuxErrorReason =
  /** Nothing answers at the socket. */
  | "unreachable"
  /** The master refused the request, or does not know it. */
  | "refused"
  | "malformed";

/** A request to an OpenSSH master did not succeed. */
export class MuxError extends SshSessionsError<MuxErrorReason> {
  static is(error: unknown): error is MuxError {
    return error instanceof MuxError;
  }
}

/** Longer than any reply of the control phase. */
const longestReply = 64 * 1024;

/** One control socket of an OpenSSH master (PROTOCOL.mux). One request at a time. */
export class MuxControl {
  readonly #socket: Socket;
  #input: Buffer = Buffer.alloc(0);
  #nextId = 0;
  #greeted = false;
  #waiting: { resolve(reply: MuxReply): void; reject(error: Error): void } | undefined;
  #failed: Error | undefined;

  readonly #onSocketData = guarded((data: Buffer) => this.#onData(data));
  readonly #onSocketError = guarded((error: Error) =>
    this.#fail(new MuxError("unreachable", error.message, { cause: error })),
  );
  readonly #onSocketClose = guarded(() =>
    this.#fail(new MuxError("unreachable", "The master closed its control socket")),
  );

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", this.#onSocketData).on("error", this.#onSocketError).on("close", this.#onSocketClose);
  }

  /** @throws MuxError `unreachable`, or the signal's reason */
  static async open(path: string, signal: AbortSignal): Promise<MuxControl> {
    signal.throwIfAborted();
    const socket = connect(path);
    const control = new MuxControl(socket);
    const onAbort = (): void => {
      socket.destroy();
    };
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      await new Promise<void>((resolve, reject) => {
        socket.once("connect", resolve);
        socket.once("close", () => reject(control.#failed ?? new MuxError("unreachable", path)));
      });
    } catch (error) {
      throw signal.aborted ? signal.reason : error;
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
    socket.write(framed(Buffer.concat([mux.hello, muxVersion].map(wireUint32))));
    return control;
  }

  /** The process id of the master. @throws MuxError */
  async alive(): Promise<number> {
    const { type, body } = await this.#request(mux.aliveCheck);
    const pid = type === mux.alive ? body.uint32() : undefined;
    if (pid === undefined) {
      throw new MuxError("malformed", "The master did not answer with its process id");
    }
    return pid;
  }

  /**
   * Asks the master to forward from the server. Resolves to the port that the server chose, where it was asked to.
   * @param forward as `encodeRemoteForward` gives it
   * @throws MuxError `refused`
   */
  async openForward(forward: Uint8Array): Promise<number | undefined> {
    const { type, body } = await this.#request(mux.openForward, forward);
    return type === mux.remotePort ? body.uint32() : undefined;
  }

  /** @param forward as it was opened, with the port 0 where the server chose it */
  async closeForward(forward: Uint8Array): Promise<void> {
    await this.#request(mux.closeForward, forward);
  }

  /** The master ends its connection in order. Its answer may never come: the end of the socket is one, too. */
  async terminate(): Promise<void> {
    await this.#request(mux.terminate).catch(() => undefined);
  }

  /**
   * Turns this socket into one that carries the connection protocol, and gives it away with what came behind the reply.
   * @throws MuxError `refused` by a master older than OpenSSH 7.4
   */
  async proxy(): Promise<{ readonly socket: Socket; readonly input: Buffer }> {
    const { type } = await this.#request(mux.proxy);
    if (type !== mux.proxyStarted) {
      throw new MuxError("malformed", "The master did not start the proxy mode");
    }
    // What came behind the reply has been kept, and no more is read until the new owner listens.
    const socket = this.#socket;
    socket.off("data", this.#onSocketData).off("close", this.#onSocketClose);
    const input = this.#input;
    this.#input = Buffer.alloc(0);
    return { socket, input };
  }

  close(): void {
    this.#socket.destroy();
  }

  #request(type: number, body?: Uint8Array): Promise<MuxReply> {
    return new Promise((resolve, reject) => {
      if (this.#failed !== undefined) {
        reject(this.#failed);
        return;
      }
      this.#waiting = { resolve, reject };
      this.#socket.write(framed(encodeMuxRequest(type, this.#nextId, body)));
    });
  }

  #onData(data: Buffer): void {
    this.#input = this.#input.length === 0 ? data : Buffer.concat([this.#input, data]);
    while (this.#input.length >= 4) {
      const length = this.#input.readUInt32BE(0);
      if (length < 4 || length > longestReply) {
        this.#fail(new MuxError("malformed", `The master sent a frame of ${length} bytes`));
        this.#socket.destroy();
        return;
      }
      if (this.#input.length < 4 + length) {
        return;
      }
      const frame = this.#input.subarray(4, 4 + length);
      this.#input = this.#input.subarray(4 + length);
      this.#onFrame(new WireReader(frame));
      if (this.#socket.isPaused()) {
        return;
      }
    }
  }

  #onFrame(frame: WireReader): void {
    const type = frame.uint32() ?? 0;
    if (!this.#greeted) {
      this.#greeted = true;
      const version = frame.uint32();
      if (type !== mux.hello || version !== muxVersion) {
        this.#fail(new MuxError("malformed", "The master speaks another version of the protocol"));
      }
      return;
    }
    const id = frame.uint32();
    if (id !== this.#nextId) {
      this.#fail(new MuxError("malformed", "The master answered another request"));
      return;
    }
    this.#nextId++;
    if (type === mux.proxyStarted) {
      // From here on it speaks another protocol.
      this.#socket.pause();
    }
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (type === mux.failure || type === mux.permissionDenied) {
      waiting?.reject(new MuxError("refused", printable(frame.text() ?? "The master refused")));
    } else {
      waiting?.resolve({ type, id, body: frame });
    }
  }

  #fail(error: Error): void {
    this.#failed ??= error;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.reject(error);
  }
}

/** Runs one request on a control socket of its own. */
export async function withMaster<T>(
  path: string,
  signal: AbortSignal,
  work: (control: MuxControl) => Promise<T>,
): Promise<T> {
  const control = await MuxControl.open(path, signal);
  const onAbort = (): void => control.close();
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await work(control);
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  } finally {
    signal.removeEventListener("abort", onAbort);
    control.close();
  }
}
