import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Disposable } from "../base/disposable.ts";
import { guarded } from "../base/guarded.ts";
import { onPeerGone } from "../base/streamEnd.ts";
import { WireReader, wireString, wireUint32 } from "../base/wire.ts";
import { MuxFrames } from "../engine/mux/muxFrames.ts";
import {
  decodeProxyBody,
  encodeMux,
  encodeMuxHello,
  encodeProxyFrame,
  muxType,
  muxVersion,
} from "../engine/mux/muxMessages.ts";
import { PipedStream } from "./pipedStream.ts";

/** Bytes. A client that reads none of its answers is disconnected. */
const mostUnread = 64 * 1024;

/** The same for what comes once it is a stream, whose data stops earlier. */
const mostUntaken = 4 * 1024 * 1024;

export interface GatewayPipeInit {
  readonly socket: Socket;
  isUsable(): boolean;
  /** The stream of a plain `ssh` begins. @param claim its name and process id, as reported */
  started(stream: Duplex, claim: string | undefined): void;
  closed(): void;
}

/**
 * One conversation at the gateway's socket, in OpenSSH's multiplexing protocol: the probe of our block of ssh_config
 * asks by `ssh -O check` whether we are there, and its ProxyCommand is `ssh -O proxy`, whose session is a stream to us.
 */
export class GatewayPipe implements Disposable {
  readonly #init: GatewayPipeInit;
  readonly #socket: Socket;
  readonly #frames = new MuxFrames({ reuses: true });
  #greeted = false;
  #stream: PipedStream | undefined;
  #ended = false;

  constructor(init: GatewayPipeInit) {
    this.#init = init;
    const { socket } = init;
    this.#socket = socket;
    socket.on(
      "data",
      guarded((chunk: Buffer) => this.#receive(chunk)),
    );
    socket.on(
      "drain",
      guarded(() => this.#stream?.drained()),
    );
    onPeerGone(socket, () => this.dispose());
    socket.write(encodeMuxHello());
  }

  /** Idempotent. */
  dispose(): void {
    if (!this.#ended) {
      this.#ended = true;
      this.#stream?.destroy();
      this.#socket.destroySoon();
      this.#init.closed();
    }
  }

  #receive(chunk: Buffer): void {
    this.#frames.push(chunk);
    try {
      for (let body = this.#next(); body !== undefined; body = this.#next()) {
        this.#take(body);
      }
    } catch (error) {
      if (!(error instanceof RangeError)) {
        throw error;
      }
      this.dispose();
    }
  }

  #next(): Buffer | undefined {
    return this.#ended ? undefined : this.#frames.next();
  }

  #take(body: Buffer): void {
    if (this.#stream !== undefined) {
      const message = decodeProxyBody(body);
      if (message === undefined) {
        this.dispose();
      } else {
        this.#stream.receive(message);
      }
      return;
    }
    const reader = new WireReader(body);
    const [type, id] = [reader.uint32(), reader.uint32()];
    if (type === undefined || id === undefined || this.#socket.writableLength > mostUnread) {
      this.dispose();
    } else if (!this.#greeted) {
      this.#greeted = type === muxType.hello && id === muxVersion;
      if (!this.#greeted) {
        this.dispose();
      }
    } else if (!this.#init.isUsable()) {
      this.#socket.write(encodeMux(muxType.failure, wireUint32(id), wireString("no connection")));
    } else if (type === muxType.aliveCheck) {
      this.#socket.write(encodeMux(muxType.alive, wireUint32(id), wireUint32(process.pid)));
    } else if (type === muxType.proxy) {
      this.#socket.write(encodeMux(muxType.proxyReply, wireUint32(id)));
      this.#stream = this.#pipe();
    } else {
      // Other clients pass descriptors, which Node can't receive.
      this.#socket.write(encodeMux(muxType.permissionDenied, wireUint32(id), wireString("not served")));
      this.dispose();
    }
  }

  #pipe(): PipedStream {
    const stream: PipedStream = new PipedStream({
      send: (message) => this.#send(message),
      hold: (on) => (on ? this.#socket.pause() : this.#socket.resume()),
      started: (claim) => this.#init.started(stream, claim),
      over: () => this.dispose(),
    });
    return stream;
  }

  #send(message: Buffer): boolean {
    if (this.#socket.writableLength > mostUntaken) {
      this.#socket.destroy();
      return false;
    }
    return this.#socket.write(encodeProxyFrame(message));
  }
}
