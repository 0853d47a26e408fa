import type { Socket } from "node:net";
import type { Clock } from "../base/clock.ts";
import type { Disposable } from "../base/disposable.ts";
import type { Event } from "../base/emitter.ts";
import { guarded } from "../base/guarded.ts";
import { releaseMemory } from "../base/releaseMemory.ts";
import { onPeerGone, partWith } from "../base/streamEnd.ts";
import { WireReader, wireString, wireUint32 } from "../base/wire.ts";
import type { UsePolicy } from "../config/connectionPolicy.ts";
import type { ChannelRelay, RelayedClient } from "../engine/channels/relay/relayTypes.ts";
import type { LastingPrograms } from "../engine/connectionEngine.ts";
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
import {
  decodeNote,
  decodeProgramHello,
  decodeWindowHello,
  encodeWindowHello,
  noteType,
  type WindowHello,
  type WindowNote,
} from "../engine/mux/windowProtocol.ts";
import type { Master } from "../master/master.ts";
import { GuestNotes } from "./guestNotes.ts";
import { StdioForward } from "./stdioForward.ts";

/**
 * Bytes. A client that reads nothing is disconnected when this much is queued for it. Its windows limit what can
 * come: 2 MiB for each channel of OpenSSH's client. OpenSSH's own master stops at 128 MiB (packet.c).
 */
const mostUntaken = 64 * 1024 * 1024;

/** The same for the answers to a client that is not attached yet. Each is a few bytes long. */
const mostUnreadAnswers = 64 * 1024;

const readsNothing = "It does not read what it requested";

/** The number of messages of a client that are handled before others have their turn. */
const messagesInTurn = 32;

/** An attached program, and its lease of the connection. */
export interface Attachment extends Disposable {
  readonly master: Master;
  readonly relay: ChannelRelay;
}

/** What only windows of this extension say, where they are served in place of programs. */
export interface WindowEnd {
  hello(): WindowHello;
  /** @returns whether the window fits */
  greeted(hello: WindowHello): boolean;
  received(note: Extract<WindowNote, { kind: "use" }>): void;
  /** How the other windows on the connection want it kept. */
  others(): readonly UsePolicy[];
  /** `others` may have changed. */
  readonly onDidChangeOthers: Event<void>;
  /** Those on the connection. Absent: they are not told. */
  readonly programs?: LastingPrograms | undefined;
}

export interface MuxConversationInit {
  readonly socket: Socket;
  readonly clock: Clock;
  /** Attaches the client to the connection. Undefined: the connection can't be used now. */
  attach(): Attachment | undefined;
  /** Another connection to the same server, after this one was refused a session. Undefined: there is none. */
  elsewhere(full: Attachment): Promise<Attachment | undefined>;
  /** The client is attached and can open channels. */
  attached(client: RelayedClient): void;
  closed(): void;
  /** The server refuses the client a session, and the client does not move to another connection. */
  full(): void;
  /** The client was disconnected. @param text the reason, without text from the client */
  refused(text: string): void;
  /** Serves windows. Undefined: programs. */
  readonly window?: WindowEnd;
  /** The client's session is a stream to a target that it names (`ssh -W`). */
  readonly isStdio?: boolean;
}

/** One client's conversation at our socket, in OpenSSH's multiplexing protocol. Only the proxy mode is supported. */
export class MuxConversation implements Disposable {
  readonly #init: MuxConversationInit;
  readonly #socket: Socket;
  /** The relay has sent a message when it returns. */
  readonly #frames = new MuxFrames({ reuses: true, owns: true });
  #greeted = false;
  /** What it says of itself in its HELLO, as a gateway does for its clients. */
  #introduced: string | undefined;
  #attachment: Attachment | undefined;
  #client: RelayedClient | undefined;
  #stdio: StdioForward | undefined;
  #drained: Disposable | undefined;
  #notes: GuestNotes | undefined;
  #isPumping = false;
  /** The client is being moved to another connection. */
  #isMoving = false;
  /** No other connection is available: the next refusal is final. */
  #hasNowhereToGo = false;
  #ended = false;

  constructor(init: MuxConversationInit) {
    this.#init = init;
    const { socket } = init;
    this.#socket = socket;
    socket.on(
      "data",
      guarded((data: Buffer) => {
        this.#frames.push(data);
        this.#pump();
      }),
    );
    onPeerGone(socket, () => this.dispose());
    const { window } = init;
    socket.write(encodeMuxHello(window && encodeWindowHello(window.hello())));
  }

  /** The connection that the client is attached to. */
  get masterId(): string | undefined {
    return this.#attachment?.master.id;
  }

  /** The name that the client reports. Untrusted. */
  get claim(): string | undefined {
    return (this.#stdio ?? this.#client)?.claim ?? this.#introduced;
  }

  get isStdio(): boolean {
    return this.#init.isStdio === true;
  }

  /** Closes the client's channels and its socket. Idempotent. */
  dispose(): void {
    if (this.#ended) {
      return;
    }
    this.#ended = true;
    this.#notes?.dispose();
    this.#drained?.dispose();
    this.#client?.dispose();
    this.#attachment?.dispose();
    partWith(this.#socket, this.#init.clock);
    this.#init.closed();
  }

  /** As `dispose`, without what is queued for the client: a stopped one would keep it until it is killed. */
  kill(): void {
    this.#socket.destroy();
    this.dispose();
  }

  /** Handles received data while the connection below accepts more, and only a part of it in each turn. */
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
      this.#letGo("It sent a frame above the maximum size");
    } finally {
      this.#isPumping = false;
    }
  }

  #take(body: Buffer): void {
    if (this.#client !== undefined) {
      const message = decodeProxyBody(body);
      if (message === undefined) {
        this.#letGo("It sent a malformed packet");
      } else if (this.#init.window !== undefined && message[0] === noteType) {
        this.#note(this.#init.window, message);
      } else if (this.#stdio !== undefined) {
        this.#stdio.fromClient(message);
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
      this.#greeted = type === muxType.hello && id === muxVersion && this.#fits(reader);
      if (!this.#greeted) {
        this.#letGo("It uses another version of the protocol");
      }
    } else {
      this.#request(type, id);
    }
  }

  /** @param pairs what stands behind the version in its HELLO */
  #fits(pairs: WireReader): boolean {
    const { window } = this.#init;
    if (window === undefined) {
      this.#introduced = decodeProgramHello(pairs);
      return true;
    }
    const hello = decodeWindowHello(pairs);
    return hello !== undefined && window.greeted(hello);
  }

  #note(window: WindowEnd, message: Buffer): void {
    const note = decodeNote(message);
    if (note?.kind === "use") {
      window.received(note);
    } else if (note?.kind === "endProgram") {
      window.programs?.end(note.id);
    }
  }

  #request(type: number, id: number): void {
    switch (type) {
      case muxType.aliveCheck:
        this.#answer(encodeMux(muxType.alive, wireUint32(id), wireUint32(process.pid)));
        break;
      case muxType.proxy:
        this.#attach(id);
        break;
      case muxType.newSession:
        // The client passes its standard input, output and error, which Node can't receive: a tty would end the
        // process.
        this.#frames.skip(3);
        this.#deny(id);
        break;
      case muxType.newStdioForward:
        this.#frames.skip(2);
        this.#deny(id);
        break;
      default:
        // A client must not end or change a connection that others use.
        this.#deny(id);
    }
  }

  #deny(id: number): void {
    const reason = wireString("only the proxy mode is served");
    this.#answer(encodeMux(muxType.permissionDenied, wireUint32(id), reason));
  }

  /** Before the client is attached. */
  #answer(frame: Buffer): void {
    if (this.#socket.writableLength > mostUnreadAnswers) {
      this.#letGo(readsNothing);
    } else {
      this.#socket.write(frame);
    }
  }

  #attach(id: number): void {
    const attachment = this.#init.attach();
    if (attachment === undefined) {
      this.#answer(encodeMux(muxType.failure, wireUint32(id), wireString("no connection")));
      return;
    }
    this.#socket.write(encodeMux(muxType.proxyReply, wireUint32(id)));
    this.#join(attachment);
    const { window } = this.#init;
    if (window !== undefined) {
      this.#notes = new GuestNotes(window, this.#init.clock, (note) => this.#ended || this.#send(note));
    }
  }

  #join(attachment: Attachment): RelayedClient {
    this.#drained?.dispose();
    this.#attachment = attachment;
    const { relay } = attachment;
    this.#drained = relay.onDidDrain(() => this.#pump());
    const client = relay.attach({
      send: (message) => (this.#stdio === undefined ? this.#send(message) : this.#stdio.fromServer(message)),
      sessionRefused: (open) => {
        if (open === undefined || this.#hasNowhereToGo || this.#init.window !== undefined) {
          this.#init.full();
          return false;
        }
        // In another turn, because the relay is in the middle of a message.
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
    this.#stdio =
      this.#init.isStdio === true
        ? new StdioForward({
            toClient: (message) => this.#send(message),
            toServer: (message) => client.receive(message),
            over: () => this.dispose(),
          })
        : undefined;
    if (!this.#ended) {
      this.#init.attached(client);
    }
    return client;
  }

  /**
   * The server refused another session on this connection: requests it on another one, or, if there is none, here
   * again.
   */
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
      // In another turn, because the relay is in the middle of a message.
      setImmediate(guarded(() => this.#letGo(readsNothing)));
      return;
    }
    // What comes in one turn goes out in one write, which wakes the client once.
    if (socket.writableCorked === 0) {
      socket.cork();
      process.nextTick(() => socket.uncork());
    }
    if (message.length < 4096) {
      socket.write(encodeProxyFrame(message));
    } else {
      const isOwned = this.#attachment?.relay.ownsMessages === true;
      socket.write(proxyFrameHead(message.length));
      // After an error, the socket may still use it.
      socket.write(message, (error) => isOwned && !error && releaseMemory(message));
    }
  }

  #letGo(text: string): void {
    if (!this.#ended) {
      this.#init.refused(text);
      if (text === readsNothing) {
        this.kill();
      } else {
        this.dispose();
      }
    }
  }
}
