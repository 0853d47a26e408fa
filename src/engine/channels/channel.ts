import { Emitter } from "../../base/emitter.ts";
import { type WireReader, wireString, wireUint32 } from "../../base/wire.ts";
import type {
  ChannelDetails,
  ChannelExit,
  Dimensions,
  EngineChannel,
  OutputKind,
} from "../connectionEngine.ts";
import { receivedExitSignal } from "./channelExit.ts";
import { ChannelRecord } from "./channelRecord.ts";
import { ChannelWaiters } from "./channelWaiters.ts";
import type { ForgivenMessage } from "./forgivenMessages.ts";
import {
  type ChannelRequestHead,
  clampedUint32,
  encode,
  encodeDimensions,
  encodeRequest,
  maximumPacketSize,
  message,
} from "./messages.ts";
import type { ProtocolViolation } from "./protocolError.ts";
import { ReceiveWindow } from "./receiveWindow.ts";
import { SendWindow } from "./sendWindow.ts";

/** What a channel needs from its table. */
export interface ChannelHost {
  readonly ownsMessages: boolean;
  send(message: Uint8Array): void;
  sendData(recipient: number, data: Uint8Array): void;
  /** Sends a reply to a request of the peer. */
  reply(message: Uint8Array): void;
  readonly congested: boolean;
  /** Calls `pump` when the wire accepts data again. */
  park(channel: Channel): void;
  /** Both sides have closed: the number is free. */
  forget(channel: Channel): void;
  forgive(kind: ForgivenMessage): void;
  violated(reason: ProtocolViolation, text: string): void;
}

/** Signal names are letters and digits, with a domain for those outside RFC 4254 (section 6.10). */
const signalName = /^[A-Za-z0-9][A-Za-z0-9@.-]{0,63}$/;

/** The peer reads no more data, although it may still send (OpenSSH's PROTOCOL, section 2.1). */
const endOfWrite = "eow@openssh.com";

/** A channel of RFC 4254 section 5, of any type, opened by either side. It is made before the peer confirms it. */
export class Channel implements EngineChannel {
  readonly localId: number;
  readonly ownsChunks: boolean;
  readonly #type: string;
  readonly #host: ChannelHost;
  readonly #incoming: ReceiveWindow;
  readonly #outgoing: SendWindow;
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
  readonly #record = new ChannelRecord();
  readonly #waiters = new ChannelWaiters();

  /** @param window bytes that the peer may send before we take delivery of any. */
  constructor(host: ChannelHost, localId: number, type: string, window: number) {
    this.#host = host;
    this.localId = localId;
    this.ownsChunks = host.ownsMessages;
    this.#type = type;
    this.#incoming = new ReceiveWindow(window, {
      data: (kind, data) => {
        this.#bytesIn += data.length;
        this.#received.fire({ kind, data });
      },
      grant: (bytes) => this.#sendWhileOpen(message.channelWindowAdjust, wireUint32(bytes)),
      eof: () => this.#gotEof.fire(),
      closed: () => this.#end(),
    });
    this.#outgoing = new SendWindow({
      send: (data) => {
        this.#bytesOut += data.length;
        host.sendData(this.#remoteId ?? 0, data);
      },
      sendEof: () => {
        this.#sendWhileOpen(message.channelEof);
        this.#record.note("eof-sent");
      },
      get congested() {
        return host.congested;
      },
      park: () => host.park(this),
      drained: () => this.#drained.fire(),
    });
  }

  get queuedBytes(): number {
    return this.#outgoing.queued;
  }

  /** The channel can be written to. */
  get isOpen(): boolean {
    return this.#remoteId !== undefined && !this.#closeSent && !this.#closeReceived && !this.#lost;
  }

  get isLost(): boolean {
    return this.#lost;
  }

  get ptyRefused(): boolean {
    return this.#record.wasRefused("pty-req");
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
    this.notify("window-change", detail, encodeDimensions(dimensions));
  }

  signal(name: string): void {
    if (signalName.test(name)) {
      this.notify("signal", name, wireString(name));
    }
  }

  sendBreak(milliseconds: number): boolean {
    return this.notify("break", `${milliseconds} ms`, clampedUint32(milliseconds));
  }

  /** Data that is paused when the server's close arrives is dropped, because nothing waits for it any more. */
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
      maxPacketIn: maximumPacketSize,
      maxPacketOut: this.#packetOut,
      bytesIn: this.#bytesIn,
      bytesOut: this.#bytesOut,
      eofSent: this.#outgoing.eofSent,
      eofReceived: this.#eofReceived,
      closeSent: this.#closeSent,
      closeReceived: this.#closeReceived,
      requests: this.#record.requests,
      moments: this.#record.moments,
    };
  }

  /** Resolves to whether the server accepted; undefined: the channel ended first. @param detail shown to the user. */
  request(name: string, detail: string, payload: Uint8Array): Promise<boolean | undefined> {
    const entry = this.#record.request(name, detail, "pending");
    return new Promise((resolve) => {
      if (!this.isOpen) {
        resolve(undefined);
        return;
      }
      this.#waiters.forReply((accepted) => {
        if (accepted !== undefined) {
          entry.outcome = accepted ? "accepted" : "refused";
        }
        resolve(accepted);
      });
      this.#host.send(encodeRequest(this.#remoteId ?? 0, name, true, payload));
    });
  }

  /** Sends a request that wants no reply. @returns false when the channel is not open */
  notify(name: string, detail: string, payload: Uint8Array): boolean {
    if (!this.isOpen) {
      return false;
    }
    this.#record.request(name, detail, "no reply asked");
    this.#host.send(encodeRequest(this.#remoteId ?? 0, name, false, payload));
    return true;
  }

  /**
   * Resolves to true when the peer sends data, EOF or an exit status: its program has started, even if the peer has
   * not replied to our request. Undefined when the channel ends without any of them.
   */
  showsLife(): Promise<true | undefined> {
    if (this.#bytesIn + this.#incoming.waiting > 0 || this.#eofReceived) {
      return Promise.resolve(true);
    }
    return this.isOpen ? this.#waiters.untilAlive() : Promise.resolve(undefined);
  }

  // Messages of the peer, passed on by the table.
  /** The number of sent bytes that the peer's window does not show as consumed. */
  get unacknowledged(): number {
    return this.#remoteWindowSize - this.#outgoing.window;
  }

  confirmed(remoteId: number, window: number, packet: number): void {
    this.#remoteId = remoteId;
    this.#remoteWindowSize = window;
    this.#packetOut = packet;
    this.#record.note("opened");
    this.#outgoing.open(window, packet);
  }

  /** SSH_MSG_CHANNEL_DATA and, as `stderr`, SSH_MSG_CHANNEL_EXTENDED_DATA. The tests have the table of rules. */
  receiveData(kind: OutputKind, data: Uint8Array): void {
    if (this.#eofReceived && kind === "stderr") {
      this.#host.violated("extended-data-after-eof", "Extended data came after EOF");
    } else if (this.#eofReceived || this.#closeSent) {
      this.#host.forgive("data after EOF or our own close");
      this.#incoming.skip(data.length);
    } else if (kind === "stdout" && data.length > maximumPacketSize) {
      this.#host.forgive("data above the maximum packet size");
    } else if (kind === "stderr" && data.length > this.#incoming.window) {
      this.#host.forgive("data beyond the window");
    } else {
      const received = this.#incoming.receive(kind, data);
      if (received === "exceeded") {
        this.#host.violated("window-exceeded", "Far more data came than the channel's window allows");
      } else if (received === "excess") {
        this.#host.forgive("data beyond the window");
      }
      this.#waiters.alive();
    }
  }

  /** Extended data of a type that RFC 4254 does not define. */
  skipData(bytes: number): void {
    this.#host.forgive("extended data of an unknown type");
    this.#incoming.skip(bytes);
  }

  receiveWindow(bytes: number): void {
    if (!this.#outgoing.grant(bytes)) {
      this.#host.violated("window-overflow", "A window adjust raises the window above 2^32 - 1");
      return;
    }
    this.#remoteWindowSize = Math.max(this.#remoteWindowSize, this.#outgoing.window);
  }

  receiveReply(accepted: boolean): void {
    if (!this.#waiters.reply(accepted)) {
      this.#host.forgive("a reply that was not asked for");
    }
  }

  receiveRequest({ name, wantReply }: ChannelRequestHead, body: WireReader): void {
    let success = false;
    if (name === "exit-status") {
      const code = body.uint32();
      if (code === undefined || body.left > 0) {
        this.#host.violated("malformed", "An exit status is malformed");
        return;
      }
      success = true;
      this.#record.note("exit-received");
      this.#exit = { ...this.#exit, code };
      this.#waiters.alive();
    } else if (name === "exit-signal") {
      success = true;
      this.#record.note("exit-received");
      this.#exit = { ...this.#exit, ...receivedExitSignal(body) };
      this.#waiters.alive();
    } else if (name === endOfWrite) {
      this.#outgoing.discard();
    }
    if (wantReply && this.#remoteId !== undefined && !this.#closeSent && !this.#lost) {
      // Failure is also a valid reply to keepalive@openssh.com, by which a server checks that we are alive.
      const type = success ? message.channelSuccess : message.channelFailure;
      this.#host.reply(encode(type, wireUint32(this.#remoteId)));
    }
  }

  receiveEof(): void {
    if (!this.#eofReceived) {
      this.#eofReceived = true;
      this.#record.note("eof-received");
      this.#incoming.eof();
      this.#waiters.alive();
    }
  }

  receiveClose(): void {
    const closedByUs = this.#closeSent;
    this.#record.note("close-received");
    if (!closedByUs) {
      this.#sendClose();
    }
    this.#closeReceived = true;
    this.#host.forget(this);
    this.#incoming.close(closedByUs ? "drop" : "wait");
  }

  /** The connection has ended. Data that had already arrived is delivered. */
  connectionEnded(): void {
    this.#lost = !this.#closeReceived;
    if (this.#lost) {
      this.#record.note("connection-lost");
    }
    this.#outgoing.close();
    this.#waiters.end();
    this.#incoming.close("deliver");
  }

  /** Sends at most one packet of the data that waits for the wire. */
  pump(): void {
    this.#outgoing.pump(1);
  }

  #sendClose(): void {
    this.#sendWhileOpen(message.channelClose);
    this.#closeSent = true;
    this.#record.note("close-sent");
    this.#outgoing.close();
    this.#waiters.end();
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

  #sendWhileOpen(type: number, ...rest: readonly Uint8Array[]): void {
    if (this.#remoteId !== undefined && !this.#closeSent && !this.#lost) {
      this.#host.send(encode(type, wireUint32(this.#remoteId), ...rest));
    }
  }
}
