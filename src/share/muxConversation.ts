import type { Socket } from "node:net";
import type { Disposable } from "../base/disposable.ts";
import { guarded } from "../base/guarded.ts";
import { WireReader, wireString, wireUint32 } from "../base/wire.ts";
import type { ChannelRelay, RelayedClient } from "../engine/channels/relay/relayTypes.ts";
import { MuxFrames } from "../engine/mux/muxFrames.ts";
import {
  decodeProxyBody,
  encodeMux,
  encodeMuxHello,
  encodeProxyFrame,
  muxType,
  muxVersion,
  proxyFrameHead,
} from "../engine/mux/muxMessages.ts";
import type { Master } from "../master/master.ts";

/**
 * A client that takes nothing is let go with so many bytes on the way to it. Its windows bound what can come: 2 MiB for
 * each channel of OpenSSH's client. OpenSSH's own master stops at 128 MiB (packet.c).
 */
const mostUntaken = 64 * 1024 * 1024;

/** Messages of a client before others have their turn. */
const messagesInTurn = 32;

/** An attached program, and what holds the connection for it. */
export interface Attachment extends Disposable {
  readonly master: Master;
  readonly relay: ChannelRelay;
}

export interface MuxConversationInit {
  readonly socket: Socket;
  /** Says that the client wants to be attached. Undefined: the connection takes nobody now. */
  attach(): Attachment | undefined;
  /** Another connection to the same server, which this one refused a session. Undefined: there is none. */
  elsewhere(full: Attachment): Promise<Attachment | undefined>;
  /** The client is attached: it has channels from now on. */
  attached(client: RelayedClient): void;
  closed(): void;
  /** The client was let go. @param text says why, without its own words. */
  refused(text: string): void;
}

/** What one client says at our socket: OpenSSH's multiplexing protocol, of which we serve the proxy mode. */
export class MuxConversation implements Disposable {
  readonly #init: MuxConversationInit;
  readonly #socket: Socket;
  readonly #frames = new MuxFrames();
  #greeted = false;
  #attachment: Attachment | undefined;
  #client: RelayedClient | undefined;
  #drained: Disposable | undefined;
  #isPumping = false;
  /** It is on its way to another connection. */
  #isMoving = false;
  /** No other connection has room: the next refusal counts. */
  #hasNowhereToGo = false;
  #ended = false;

  constructor(init: MuxConversationInit) {
    this.#init = init;
    const { socket } = init;
    this.#socket = socket;
    socket.on("data", (data: Buffer) => {
      this.#frames.push(data);
      this.#pump();
    });
    // A client that ends its side has gone: OpenSSH's closes its socket.
    socket.on("end", () => this.dispose());
    socket.on("error", () => this.dispose());
    socket.on("close", () => this.dispose());
    socket.write(encodeMuxHello());
  }

  /** The connection that the client is attached to. */
  get masterId(): string | undefined {
    return this.#attachment?.master.id;
  }

  /** Closes the client's channels and its socket. Idempotent. */
  dispose(): void {
    if (this.#ended) {
      return;
    }
    this.#ended = true;
    this.#drained?.dispose();
    this.#client?.dispose();
    this.#attachment?.dispose();
    this.#socket.destroySoon();
    this.#init.closed();
  }

  /** Works on what has come, for as long as the connection below takes it, and a part of it in each turn. */
  #pump(): void {
    if (this.#isPumping) {
      return;
    }
    this.#isPumping = true;
    try {
      for (let count = 0; !this.#ended; count++) {
        if (this.#isMoving || this.#attachment?.relay.congested === true) {
          this.#socket.pause();
          return;
        }
        if (count === messagesInTurn) {
          this.#socket.pause();
          setImmediate(guarded(() => this.#pump()));
          return;
        }
        const body = this.#frames.next();
        if (body === undefined) {
          this.#socket.resume();
          return;
        }
        this.#take(body);
      }
    } catch (error) {
      if (!(error instanceof RangeError)) {
        throw error;
      }
      this.#letGo("It sent a frame that is too large");
    } finally {
      this.#isPumping = false;
    }
  }

  #take(body: Buffer): void {
    if (this.#client !== undefined) {
      const message = decodeProxyBody(body);
      if (message === undefined) {
        this.#letGo("It sent a malformed packet");
      } else {
        this.#client.receive(message);
      }
      return;
    }
    const reader = new WireReader(body);
    const [type, id] = [reader.uint32(), reader.uint32()];
    if (type === undefined || id === undefined) {
      this.#letGo("It sent a malformed request");
    } else if (!this.#greeted) {
      this.#greeted = type === muxType.hello && id === muxVersion;
      if (!this.#greeted) {
        this.#letGo("It speaks another version of the protocol");
      }
    } else {
      this.#request(type, id);
    }
  }

  #request(type: number, id: number): void {
    switch (type) {
      case muxType.aliveCheck:
        this.#socket.write(encodeMux(muxType.alive, wireUint32(id), wireUint32(process.pid)));
        break;
      case muxType.proxy:
        this.#attach(id);
        break;
      case muxType.newSession:
        // It passes its standard input, output and error, which Node can't take: a tty would end the process.
        this.#frames.skip(3);
        this.#deny(id);
        break;
      case muxType.newStdioForward:
        this.#frames.skip(2);
        this.#deny(id);
        break;
      default:
        // To end or change a connection that others use is not for a client.
        this.#deny(id);
    }
  }

  #deny(id: number): void {
    const reason = wireString("only the proxy mode is served");
    this.#socket.write(encodeMux(muxType.permissionDenied, wireUint32(id), reason));
  }

  #attach(id: number): void {
    const attachment = this.#init.attach();
    if (attachment === undefined) {
      this.#socket.write(encodeMux(muxType.failure, wireUint32(id), wireString("no connection")));
      return;
    }
    this.#socket.write(encodeMux(muxType.proxyReply, wireUint32(id)));
    this.#join(attachment);
  }

  #join(attachment: Attachment): RelayedClient {
    this.#drained?.dispose();
    this.#attachment = attachment;
    const { relay } = attachment;
    this.#drained = relay.onDidDrain(() => this.#pump());
    const client = relay.attach({
      send: (message) => this.#send(message),
      sessionRefused: (open) => {
        if (this.#hasNowhereToGo) {
          return false;
        }
        // Not in this turn: the relay is in the middle of a message.
        setImmediate(guarded(() => void this.#move(open, attachment)));
        this.#isMoving = true;
        return true;
      },
      ended: (reason, text) => {
        if (reason === "violation") {
          this.#init.refused(text);
        }
        this.dispose();
      },
    });
    this.#client = client;
    this.#init.attached(client);
    return client;
  }

  /** The server is full: the session is asked for on another connection, or, where there is none, once more here. */
  async #move(open: Buffer, from: Attachment): Promise<void> {
    const there = await this.#init.elsewhere(from);
    if (this.#ended) {
      there?.dispose();
      return;
    }
    const client = this.#join(there ?? from);
    if (there === undefined) {
      this.#hasNowhereToGo = true;
    } else {
      from.dispose();
    }
    this.#isMoving = false;
    client.receive(open);
    this.#pump();
  }

  #send(message: Buffer): void {
    const socket = this.#socket;
    if (socket.writableLength > mostUntaken) {
      // Not in this turn: the relay is in the middle of a message.
      setImmediate(guarded(() => this.#letGo("It takes nothing of what it asked for")));
      return;
    }
    if (message.length < 4096) {
      socket.write(encodeProxyFrame(message));
    } else {
      socket.cork();
      socket.write(proxyFrameHead(message.length));
      socket.write(message);
      socket.uncork();
    }
  }

  #letGo(text: string): void {
    if (!this.#ended) {
      this.#init.refused(text);
      this.dispose();
    }
  }
}
