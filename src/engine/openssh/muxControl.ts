import { connect, type Socket } from "node:net";
import { asError, SshSessionsError } from "../../base/errors.ts";
import { guarded } from "../../base/guarded.ts";
import { printable } from "../../base/log.ts";
import { WireReader, wireUint32 } from "../../base/wire.ts";
import { MuxFrames } from "../mux/muxFrames.ts";
import { encodeMux, encodeMuxHello, muxType, muxVersion } from "../mux/muxMessages.ts";

export type MuxErrorReason =
  /** The socket does not accept connections. */
  | "unreachable"
  /** The master refused the request, or does not support it. */
  | "refused"
  | "malformed"
  /** A new master did not get its path. */
  | "taken";

/** A request to an OpenSSH master failed. */
export class MuxError extends SshSessionsError<MuxErrorReason> {
  static override readonly name = "MuxError";

  static is(error: unknown): error is MuxError {
    return error instanceof MuxError;
  }
}

interface MuxReply {
  readonly type: number;
  /** What follows the request id. */
  readonly body: WireReader;
}

/** One control socket of an OpenSSH master (PROTOCOL.mux). One request at a time. */
export class MuxControl {
  readonly #socket: Socket;
  readonly #frames = new MuxFrames();
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
    socket.write(encodeMuxHello());
    return control;
  }

  /** Resolves to the process id of the master. @throws MuxError */
  async alive(): Promise<number> {
    const { type, body } = await this.#request(muxType.aliveCheck);
    const pid = type === muxType.alive ? body.uint32() : undefined;
    if (pid === undefined) {
      throw new MuxError("malformed", "The master did not answer with its process id");
    }
    return pid;
  }

  /**
   * Asks the master for a remote forward. Resolves to the port, if the server was to choose it.
   * @param forward as encoded by `encodeRemoteForward`
   * @throws MuxError `refused`
   */
  async openForward(forward: Uint8Array): Promise<number | undefined> {
    const { type, body } = await this.#request(muxType.openForward, forward);
    return type === muxType.remotePort ? body.uint32() : undefined;
  }

  /** @param forward as it was opened: with port 0 if the server chose the port */
  async closeForward(forward: Uint8Array): Promise<void> {
    await this.#request(muxType.closeForward, forward);
  }

  /**
   * The master closes its connection in order. It may close the socket without a reply, which also counts as success.
   * @throws MuxError `refused`
   */
  async terminate(): Promise<void> {
    await this.#request(muxType.terminate).catch((error: unknown) => {
      if (MuxError.is(error) && error.reason === "refused") {
        throw error;
      }
    });
  }

  /** The master removes its socket and accepts no more clients; its sessions go on. @throws MuxError */
  async stopListening(): Promise<void> {
    await this.#request(muxType.stopListening);
  }

  /**
   * Turns this socket into one that carries the connection protocol, and passes it on with what arrived after the
   * reply.
   * @throws MuxError `refused` by a master older than OpenSSH 7.4
   */
  async proxy(): Promise<{ readonly socket: Socket; readonly frames: MuxFrames }> {
    const { type } = await this.#request(muxType.proxy);
    if (type !== muxType.proxyReply) {
      throw new MuxError("malformed", "The master did not start the proxy mode");
    }
    // Stops reading until the new owner listens.
    const socket = this.#socket;
    socket.off("data", this.#onSocketData).off("close", this.#onSocketClose);
    return { socket, frames: this.#frames };
  }

  close(): void {
    this.#socket.destroy();
  }

  #request(type: number, body: Uint8Array = Buffer.alloc(0)): Promise<MuxReply> {
    return new Promise((resolve, reject) => {
      if (this.#failed !== undefined) {
        reject(this.#failed);
        return;
      }
      this.#waiting = { resolve, reject };
      this.#socket.write(encodeMux(type, wireUint32(this.#nextId), body));
    });
  }

  #onData(data: Buffer): void {
    this.#frames.push(data);
    try {
      // After the pause, the remaining data belongs to the proxy protocol.
      while (!this.#socket.isPaused()) {
        const frame = this.#frames.next();
        if (frame === undefined) {
          return;
        }
        this.#onFrame(new WireReader(frame));
      }
    } catch (error) {
      this.#fail(new MuxError("malformed", asError(error).message));
      this.#socket.destroy();
    }
  }

  #onFrame(frame: WireReader): void {
    const type = frame.uint32() ?? 0;
    if (!this.#greeted) {
      this.#greeted = true;
      const version = frame.uint32();
      if (type !== muxType.hello || version !== muxVersion) {
        this.#fail(new MuxError("malformed", "The master uses another version of the protocol"));
      }
      return;
    }
    const id = frame.uint32();
    if (id !== this.#nextId) {
      this.#fail(new MuxError("malformed", "The master answered another request"));
      return;
    }
    this.#nextId++;
    if (type === muxType.proxyReply) {
      // From here on the socket speaks another protocol.
      this.#socket.pause();
    }
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (type === muxType.failure || type === muxType.permissionDenied) {
      waiting?.reject(new MuxError("refused", printable(frame.text() ?? "The master refused")));
    } else {
      waiting?.resolve({ type, body: frame });
    }
  }

  #fail(error: Error): void {
    this.#failed ??= error;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.reject(error);
  }
}

/** Runs one request on its own control socket. */
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
