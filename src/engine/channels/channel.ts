import { Emitter } from "../../base/emitter.ts";
import { printable } from "../../base/log.ts";
import type {
  ChannelDetails,
  ChannelExit,
  Dimensions,
  EngineChannel,
  OutputKind,
} from "../connectionEngine.ts";
import type { ExitSignalData } from "../ssh2/ssh2Internals.ts";
import { encode, encodeDimensions, encodeRequest, message, sshString, uint32 } from "./channelMessages.ts";
import { IncomingFlow } from "./receiveWindow.ts";
import { OutgoingFlow } from "./sendWindow.ts";

/** What a channel needs of the connection that carries it. */
export interface ChannelCarrier {
  send(message: Uint8Array): void;
  sendData(recipient: number, data: Uint8Array): void;
  readonly congested: boolean;
  park(channel: Ssh2Channel): void;
  /** Both sides have closed: the number may be forgotten. */
  forget(channel: Ssh2Channel): void;
}

type Outcome = ChannelDetails["requests"][number]["outcome"];

/** How many requests are kept for `details` (a window is resized often). */
const rememberedRequests = 100;

/** A channel of RFC 4254 section 5, of any type, opened by either side. Made before the peer has confirmed it. */
export class Ssh2Channel implements EngineChannel {
  readonly localId: number;
  readonly #type: string;
  readonly #carrier: ChannelCarrier;
  readonly #incoming: IncomingFlow;
  readonly #outgoing: OutgoingFlow;
  readonly #received = new Emitter<{ readonly kind: OutputKind; readonly data: Uint8Array }>();
  readonly #gotEof = new Emitter<void>();
  readonly #closed = new Emitter<{ readonly exit: ChannelExit; readonly lost: boolean }>();
  readonly #drained = new Emitter<void>();
  readonly onDidReceive = this.#received.event;
  readonly onDidReceiveEof = this.#gotEof.event;
  readonly onDidClose = this.#closed.event;
  readonly onDidDrain = this.#drained.event;

  #remoteId: number | undefined;
  #remoteWindowSize = 0;
  #packetOut = 0;
  #bytesIn = 0;
  #bytesOut = 0;
  #eofReceived = false;
  #closeSent = false;
  #closeReceived = false;
  #lost = false;
  #ended = false;
  #exit: ChannelExit = {};
  #requests: { readonly name: string; readonly detail: string; outcome: Outcome }[] = [];
  #replies: ((accepted: boolean | undefined) => void)[] = [];

  /** @param window bytes that the peer may send before we take delivery of any. */
  constructor(carrier: ChannelCarrier, localId: number, type: string, window: number) {
    this.#carrier = carrier;
    this.localId = localId;
    this.#type = type;
    this.#incoming = new IncomingFlow(window, {
      data: (kind, data) => {
        this.#bytesIn += data.length;
        this.#received.fire({ kind, data });
      },
      grant: (bytes) => this.#sendWhileOpen(message.channelWindowAdjust, uint32(bytes)),
      eof: () => this.#gotEof.fire(),
      closed: () => this.#end(),
    });
    this.#outgoing = new OutgoingFlow({
      send: (data) => {
        this.#bytesOut += data.length;
        carrier.sendData(this.#remoteId ?? 0, data);
      },
      sendEof: () => this.#sendWhileOpen(message.channelEof),
      get congested() {
        return carrier.congested;
      },
      park: () => carrier.park(this),
      drained: () => this.#drained.fire(),
    });
  }

  get queuedBytes(): number {
    return this.#outgoing.queued;
  }

  /** Can still be written to. */
  get isOpen(): boolean {
    return this.#remoteId !== undefined && !this.#closeSent && !this.#closeReceived && !this.#lost;
  }

  get isLost(): boolean {
    return this.#lost;
  }

  pause(): void {
    this.#incoming.pause();
  }

  resume(): void {
    this.#incoming.resume();
  }

  write(data: Uint8Array): boolean {
    return this.isOpen && this.#outgoing.write(data);
  }

  eof(): void {
    if (this.isOpen) {
      this.#outgoing.eof();
    }
  }

  resize(dimensions: Dimensions): void {
    const detail = `${dimensions.columns}x${dimensions.rows}`;
    this.#requestWithoutReply("window-change", detail, encodeDimensions(dimensions));
  }

  signal(name: string): void {
    this.#requestWithoutReply("signal", name, sshString(name));
  }

  sendBreak(milliseconds: number): boolean {
    return this.#requestWithoutReply("break", `${milliseconds} ms`, uint32(milliseconds));
  }

  /** Data that is still paused when the server's close arrives is dropped, as nobody waits for it any more. */
  close(): void {
    if (this.isOpen) {
      this.#sendClose();
    }
  }

  details(): ChannelDetails {
    return {
      localId: this.localId,
      ...(this.#remoteId !== undefined && { remoteId: this.#remoteId }),
      type: this.#type,
      localWindow: this.#incoming.window,
      localWindowSize: this.#incoming.size,
      remoteWindow: this.#outgoing.window,
      remoteWindowSize: this.#remoteWindowSize,
      maxPacketIn: packetIn,
      maxPacketOut: this.#packetOut,
      bytesIn: this.#bytesIn,
      bytesOut: this.#bytesOut,
      eofSent: this.#outgoing.eofSent,
      eofReceived: this.#eofReceived,
      closeSent: this.#closeSent,
      closeReceived: this.#closeReceived,
      requests: this.#requests.map((request) => ({ ...request })),
    };
  }

  /** Resolves to whether the server accepted; undefined when the channel ended first. @param detail shown to people. */
  request(name: string, detail: string, payload: Uint8Array): Promise<boolean | undefined> {
    const entry = this.#remember(name, detail, "pending");
    return new Promise((resolve) => {
      if (!this.isOpen) {
        resolve(undefined);
        return;
      }
      this.#replies.push((accepted) => {
        if (accepted !== undefined) {
          entry.outcome = accepted ? "accepted" : "refused";
        }
        resolve(accepted);
      });
      this.#carrier.send(encodeRequest(this.#remoteId ?? 0, name, true, payload));
    });
  }

  // What the peer sends, told by the connection.

  confirmed(remoteId: number, window: number, packet: number): void {
    this.#remoteId = remoteId;
    this.#remoteWindowSize = window;
    this.#packetOut = packet;
    this.#outgoing.open(window, packet);
  }

  /** @returns false when the peer broke the window. */
  receiveData(kind: OutputKind, data: Uint8Array): boolean {
    return this.#incoming.receive(kind, data);
  }

  skipData(bytes: number): void {
    this.#incoming.skip(bytes);
  }

  receiveWindow(bytes: number): void {
    this.#remoteWindowSize = Math.max(this.#remoteWindowSize, this.#outgoing.window + bytes);
    this.#outgoing.grant(bytes);
  }

  receiveReply(accepted: boolean): void {
    this.#replies.shift()?.(accepted);
  }

  receiveRequest(name: string, wantReply: boolean, data: unknown): void {
    if (name === "exit-status" && typeof data === "number") {
      this.#exit = { ...this.#exit, code: data };
    } else if (name === "exit-signal" && typeof data === "object" && data !== null) {
      this.#exit = { ...this.#exit, ...exitSignal(data as ExitSignalData) };
    } else if (wantReply) {
      // Among them keepalive@openssh.com, by which a server asks whether we are there: any answer will do.
      this.#sendWhileOpen(message.channelFailure);
    }
  }

  receiveEof(): void {
    if (!this.#eofReceived) {
      this.#eofReceived = true;
      this.#incoming.eof();
    }
  }

  receiveClose(): void {
    if (this.#closeReceived) {
      return;
    }
    const closedByUs = this.#closeSent;
    if (!closedByUs) {
      this.#sendClose();
    }
    this.#closeReceived = true;
    this.#carrier.forget(this);
    this.#settleReplies();
    this.#incoming.close(closedByUs ? "drop" : "wait");
  }

  /** The connection is gone. What had arrived before is delivered. */
  connectionEnded(): void {
    this.#lost = !this.#closeReceived;
    this.#outgoing.close();
    this.#settleReplies();
    this.#incoming.close("deliver");
  }

  /** Sends at most one packet of what waits for the socket. */
  pump(): void {
    this.#outgoing.pump(1);
  }

  #sendClose(): void {
    this.#sendWhileOpen(message.channelClose);
    this.#closeSent = true;
    this.#outgoing.close();
    this.#settleReplies();
  }

  #settleReplies(): void {
    const replies = this.#replies;
    this.#replies = [];
    for (const reply of replies) {
      reply(undefined);
    }
  }

  #end(): void {
    if (this.#ended) {
      return;
    }
    this.#ended = true;
    this.#closed.fire({ exit: this.#exit, lost: this.#lost });
    for (const emitter of [this.#received, this.#gotEof, this.#closed, this.#drained]) {
      emitter.dispose();
    }
  }

  #requestWithoutReply(name: string, detail: string, payload: Uint8Array): boolean {
    if (!this.isOpen) {
      return false;
    }
    this.#remember(name, detail, "no reply asked");
    this.#carrier.send(encodeRequest(this.#remoteId ?? 0, name, false, payload));
    return true;
  }

  #remember(name: string, detail: string, outcome: Outcome) {
    const entry = { name, detail: printable(detail), outcome };
    this.#requests.push(entry);
    if (this.#requests.length > rememberedRequests) {
      // The oldest are how the session began: those stay, and the resizes after them go.
      this.#requests.splice(rememberedRequests / 2, 1);
    }
    return entry;
  }

  #sendWhileOpen(type: number, ...rest: readonly Uint8Array[]): void {
    if (this.#remoteId !== undefined && !this.#closeSent && !this.#lost) {
      this.#carrier.send(encode(type, uint32(this.#remoteId), ...rest));
    }
  }
}

/** The largest packet that we take. */
export const packetIn = 32 * 1024;

function exitSignal(data: ExitSignalData): ChannelExit {
  return {
    ...(data.signal !== undefined && { signal: printable(data.signal) }),
    coreDumped: data.coreDumped === true,
    ...(data.errorMessage && { message: printable(data.errorMessage) }),
  };
}
