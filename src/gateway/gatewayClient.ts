import { connect, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Disposable } from "../base/disposable.ts";
import { asError } from "../base/errors.ts";
import { guarded } from "../base/guarded.ts";
import { onPeerGone } from "../base/streamEnd.ts";
import { WireReader, wireUint32 } from "../base/wire.ts";
import { message } from "../engine/channels/messages.ts";
import { MuxFrames } from "../engine/mux/muxFrames.ts";
import {
  decodeProxyBody,
  encodeMux,
  encodeMuxHello,
  encodeProxyFrame,
  muxType,
  proxyFrameHead,
} from "../engine/mux/muxMessages.ts";
import { encodeProgramHello } from "../engine/mux/windowProtocol.ts";
import type { GatewayError } from "./gatewayError.ts";
import type { GatewayKey } from "./gatewayKey.ts";
import { ServerTransport } from "./serverTransport.ts";

export interface GatewayClientInit {
  /** To the `ssh` process. */
  readonly stream: Duplex;
  /** The socket at which the connection is shared with programs. */
  readonly target: string;
  readonly key: GatewayKey;
  readonly user: string;
  /** The program's name and process id, as the wrapper of terminals reports them. */
  readonly claim: string | undefined;
  /** It did what the protocol forbids. */
  refused(error: GatewayError): void;
  closed(): void;
}

/**
 * One plain `ssh`. We are its server, and a client of our own shared connection in OpenSSH's proxy mode: messages of RFC
 * 4254 pass through.
 */
export class GatewayClient implements Disposable {
  readonly #init: GatewayClientInit;
  readonly #stream: Duplex;
  readonly #transport: ServerTransport;
  readonly #frames = new MuxFrames({ reuses: true });
  #target: Socket | undefined;
  /** The proxy mode has begun. */
  #isAttached = false;
  #ended = false;

  constructor(init: GatewayClientInit) {
    this.#init = init;
    this.#stream = init.stream;
    const { stream, key, user } = init;
    this.#transport = new ServerTransport({
      ...{ key, user },
      write: (data) => this.#write(data),
      ready: () => this.#attach(),
      received: (each) => this.#fromClient(each),
      ended: (error) => {
        if (error !== undefined) {
          init.refused(error);
        }
        this.#close();
      },
    });
    stream.on(
      "data",
      guarded((chunk: Buffer) => this.#receive(chunk)),
    );
    onPeerGone(stream, () => this.dispose());
    stream.on(
      "drain",
      guarded(() => this.#pump()),
    );
  }

  /** Ends its channels. Idempotent. */
  dispose(): void {
    this.#transport.end("The connection has ended");
    this.#close();
  }

  #close(): void {
    if (!this.#ended) {
      this.#ended = true;
      this.#target?.destroy();
      this.#stream.end();
      this.#init.closed();
    }
  }

  #write(data: Uint8Array): void {
    const stream = this.#stream;
    if (stream.writableLength > mostUnread) {
      // What it sends makes us answer, and it reads none of it.
      stream.destroy();
      return;
    }
    // What comes in one turn goes out in one write.
    if (stream.writableCorked === 0) {
      stream.cork();
      process.nextTick(() => stream.uncork());
    }
    stream.write(data);
  }

  #receive(chunk: Buffer): void {
    if (this.#ended) {
      return;
    }
    this.#transport.receive(chunk);
    if (this.#target?.writableNeedDrain === true) {
      this.#stream.pause();
    }
    // A key exchange may be over.
    if (this.#target?.isPaused() === true) {
      this.#pump();
    }
  }

  /** Becomes a client of our shared connection. The client's messages wait until then. */
  #attach(): void {
    const target = connect(this.#init.target);
    this.#target = target;
    target.on("error", () => this.dispose());
    target.on("close", () => this.dispose());
    target.on("drain", () => this.#stream.resume());
    target.on(
      "data",
      guarded((chunk: Buffer) => {
        this.#frames.push(chunk);
        this.#pump();
      }),
    );
    const { claim } = this.#init;
    target.write(encodeMuxHello(claim === undefined ? undefined : encodeProgramHello(claim)));
    target.write(encodeMux(muxType.proxy, wireUint32(0)));
  }

  #fromClient(each: Buffer): void {
    if (each[0] === message.globalRequest && new WireReader(each, 1).text() === noMoreSessions) {
      // It wants no reply, and a client that has made a request can't move to a connection with room.
      return;
    }
    this.#toTarget(each);
  }

  #toTarget(each: Buffer): void {
    const target = this.#target;
    if (target === undefined) {
      return;
    }
    if (target.writableCorked === 0) {
      target.cork();
      process.nextTick(() => target.uncork());
    }
    if (each.length < copiedBelow) {
      target.write(encodeProxyFrame(each));
    } else {
      target.write(proxyFrameHead(each.length));
      target.write(each);
    }
  }

  #pump(): void {
    try {
      while (!this.#ended) {
        if (this.#stream.writableNeedDrain || this.#transport.isExchanging) {
          this.#target?.pause();
          return;
        }
        const body = this.#frames.next();
        if (body === undefined) {
          this.#target?.resume();
          return;
        }
        this.#fromTarget(body);
      }
    } catch (error) {
      // The other end is this extension.
      this.#transport.end(asError(error).message);
    }
  }

  #fromTarget(body: Buffer): void {
    if (!this.#isAttached) {
      const type = new WireReader(body).uint32();
      if (type === muxType.proxyReply) {
        this.#isAttached = true;
      } else if (type !== muxType.hello) {
        this.#transport.end("There is no connection");
      }
      return;
    }
    const each = decodeProxyBody(body);
    if (each !== undefined) {
      this.#transport.send(isPadded(each) ? each.subarray(0, 1) : each);
    }
  }
}

/** OpenSSH's PROTOCOL, section 2.2. */
const noMoreSessions = "no-more-sessions@openssh.com";

/** Bytes. Channel data stops much earlier, when the stream is full. */
const mostUnread = 4 * 1024 * 1024;

/** Bytes. A larger message is not copied. */
const copiedBelow = 4096;

/** A frame is longer than the shortest messages (see muxMessages.ts). */
function isPadded(each: Buffer): boolean {
  return (each[0] === message.requestSuccess || each[0] === message.requestFailure) && each.length === 4;
}
