import { printable } from "../../base/log.ts";
import { WireReader } from "../../base/wire.ts";
import { ChannelError, connectionEnded } from "../engineErrors.ts";
import { Channel, type ChannelHost } from "./channel.ts";
import { ChannelOpening } from "./channelOpening.ts";
import type { ChannelTableHost } from "./channelTableHost.ts";
import { type ForgivenMessage, ForgivenMessages } from "./forgivenMessages.ts";
import {
  decodeRequest,
  encode,
  encodeOpen,
  extendedDataStderr,
  largestChannelId,
  maximumPacketSize,
  message,
} from "./messages.ts";
import { PeerOpens } from "./peerOpens.ts";
import { ProtocolError, type ProtocolViolation } from "./protocolError.ts";
import { Replies } from "./replies.ts";

/**
 * All channels of one connection, by our number. It handles the peer's messages, and is as strict as OpenSSH's
 * channels.c.
 */
export class ChannelTable {
  readonly #host: ChannelTableHost;
  readonly #channels = new Map<number, Channel>();
  readonly #openings = new Map<number, ChannelOpening>();
  readonly #channelHost: ChannelHost;
  readonly #forgiven: ForgivenMessages;
  readonly #peerOpens: PeerOpens;
  readonly #replies: Replies;
  #parked = new Set<Channel>();
  #nextId = 0;
  #ended = false;

  constructor(host: ChannelTableHost) {
    this.#host = host;
    this.#forgiven = new ForgivenMessages(host.logger);
    const { wire } = host;
    this.#replies = new Replies(wire);
    this.#channelHost = {
      ownsMessages: wire.ownsMessages === true,
      send: (bytes) => wire.send(bytes),
      sendData: (recipient, data) => wire.sendData(recipient, data),
      reply: (bytes) => this.#reply(bytes),
      get congested() {
        return wire.congested;
      },
      park: (channel) => this.#parked.add(channel),
      forget: (channel) => this.#channels.delete(channel.localId),
      forgive: (kind) => this.#forgiven.add(kind),
      violated: (reason, text) => this.#violated(reason, text),
    };
    this.#peerOpens = new PeerOpens({
      accept: (type, body) => host.accept(type, body),
      add: (type, window) => this.#add(type, window),
      send: (bytes) => wire.send(bytes),
      refused: (bytes) => {
        this.#forgiven.add("a channel open that was refused");
        this.#reply(bytes);
      },
      malformed: () => this.#malformed("channel open"),
      isEnded: () => this.#ended,
      forget: (channel) => this.#channels.delete(channel.localId),
    });
  }

  /** An open of ours waits for the peer's confirmation. */
  get isOpening(): boolean {
    return this.#openings.size > 0;
  }

  get size(): number {
    return this.#channels.size;
  }

  /** The number of sent bytes of channel data that the peer's windows do not show as consumed. */
  get unacknowledged(): number {
    return [...this.#channels.values()].reduce((sum, channel) => sum + channel.unacknowledged, 0);
  }

  /** Ignored protocol violations of the peer, by kind. */
  get forgiven(): ReadonlyMap<ForgivenMessage, number> {
    return this.#forgiven.counts;
  }

  /** Resolves when the peer has confirmed the channel. Rejects with ChannelError or the signal's reason. */
  open(type: string, window: number, payload: Uint8Array, signal: AbortSignal): Promise<Channel> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason);
        return;
      }
      if (this.#ended) {
        reject(connectionEnded());
        return;
      }
      const channel = this.#add(type, window);
      const forget = () => this.#channels.delete(channel.localId);
      this.#openings.set(channel.localId, new ChannelOpening(channel, { resolve, reject, forget }, signal));
      const open = { type, sender: channel.localId, window, packet: maximumPacketSize };
      this.#host.wire.send(encodeOpen(open, payload));
    });
  }

  /** The wire accepts data again: waiting channels send one packet each in turn. */
  resumeSending(): void {
    this.#replies.wereTaken();
    while (this.#parked.size > 0 && !this.#host.wire.congested) {
      const waiting = this.#parked;
      this.#parked = new Set();
      for (const channel of waiting) {
        channel.pump();
      }
    }
  }

  /** The connection has ended: every channel ends, and every open is rejected. */
  end(): void {
    if (this.#ended) {
      return;
    }
    this.#ended = true;
    this.#forgiven.logCounts();
    const openings = [...this.#openings.values()];
    const channels = [...this.#channels].filter(([id]) => !this.#openings.has(id));
    this.#openings.clear();
    this.#channels.clear();
    this.#parked.clear();
    for (const opening of openings) {
      opening.failed(connectionEnded());
    }
    for (const [, channel] of channels) {
      channel.connectionEnded();
    }
  }

  /** Handles one complete message with a number from 80 to 127. The table owns its buffer from now on. */
  receive(bytes: Buffer): void {
    if (this.#ended) {
      return;
    }
    const body = new WireReader(bytes, 1);
    switch (bytes[0]) {
      case message.globalRequest:
        this.#globalRequest(body);
        break;
      case message.requestSuccess:
      case message.requestFailure:
        this.#host.globalReply(bytes[0] === message.requestSuccess, body);
        break;
      case message.channelOpen:
        this.#peerOpens.receive(body);
        break;
      case message.channelOpenConfirmation:
        this.#openConfirmation(body);
        break;
      case message.channelOpenFailure:
        this.#openFailure(body);
        break;
      case message.channelWindowAdjust:
        this.#windowAdjust(body);
        break;
      case message.channelData:
        this.#data(body);
        break;
      case message.channelExtendedData:
        this.#extendedData(body);
        break;
      case message.channelEof:
        this.#eof(body);
        break;
      case message.channelClose:
        this.#close(body);
        break;
      case message.channelRequest:
        this.#request(body);
        break;
      case message.channelSuccess:
      case message.channelFailure:
        this.#channelReply(body, bytes[0] === message.channelSuccess);
        break;
      default:
        this.#forgiven.add("a message of an unknown type");
    }
  }

  // One method per message. The order of the checks is that of OpenSSH's channels.c and clientloop.c.

  /** Such as hostkeys-00@openssh.com and a server's keepalive. We support none, and reply so. */
  #globalRequest(body: WireReader): void {
    const name = body.string();
    const wantReply = body.boolean();
    if (name === undefined || wantReply === undefined) {
      this.#malformed("global request");
    } else if (wantReply) {
      this.#reply(encode(message.requestFailure));
    } else {
      this.#host.announced?.(name.toString("latin1"), body);
    }
  }

  #openConfirmation(body: WireReader): void {
    const channel = this.#channel(body, "open confirmation");
    const opening = this.#opening(channel, "open confirmation");
    if (channel === undefined || opening === undefined) {
      return;
    }
    const [sender, window, packet] = [body.uint32(), body.uint32(), body.uint32()];
    if (sender === undefined || window === undefined || packet === undefined || body.left > 0) {
      this.#malformed("open confirmation");
      return;
    }
    this.#openings.delete(channel.localId);
    channel.confirmed(sender, window, packet);
    opening.confirmed();
  }

  #openFailure(body: WireReader): void {
    const channel = this.#channel(body, "open failure");
    const opening = this.#opening(channel, "open failure");
    if (channel === undefined || opening === undefined) {
      return;
    }
    const [code, description, language] = [body.uint32(), body.text(), body.string()];
    if (code === undefined || description === undefined || language === undefined || body.left > 0) {
      this.#malformed("open failure");
      return;
    }
    this.#openings.delete(channel.localId);
    const text = `The server refused a channel (code ${code}): ${printable(description)}`;
    opening.failed(new ChannelError("refused", text, { code, description }));
  }

  #windowAdjust(body: WireReader): void {
    const channel = this.#forgivingChannel(body, "window adjust", "a window adjust for an unknown channel");
    if (channel !== undefined) {
      const bytes = body.uint32();
      if (bytes === undefined || body.left > 0) {
        this.#malformed("window adjust");
      } else {
        channel.receiveWindow(bytes);
      }
    }
  }

  #data(body: WireReader): void {
    const channel = this.#openChannel(body, "data");
    if (channel !== undefined) {
      const data = body.string();
      if (data === undefined || body.left > 0) {
        this.#malformed("data");
      } else {
        channel.receiveData("stdout", data);
      }
    }
  }

  #extendedData(body: WireReader): void {
    const channel = this.#openChannel(body, "extended data");
    if (channel !== undefined) {
      const type = body.uint32();
      const data = body.string();
      if (type === undefined || data === undefined || body.left > 0) {
        this.#malformed("extended data");
      } else if (type === extendedDataStderr) {
        channel.receiveData("stderr", data);
      } else {
        channel.skipData(data.length);
      }
    }
  }

  #eof(body: WireReader): void {
    const channel = this.#channel(body, "EOF");
    if (channel !== undefined) {
      if (body.left > 0) {
        this.#malformed("EOF");
      } else {
        channel.receiveEof();
      }
    }
  }

  #close(body: WireReader): void {
    const channel = this.#channel(body, "close");
    if (channel === undefined) {
      return;
    }
    if (body.left > 0) {
      this.#malformed("close");
    } else if (this.#openings.has(channel.localId)) {
      this.#violated("close-before-open", "A channel was closed that the server had not confirmed");
    } else {
      channel.receiveClose();
    }
  }

  #request(body: WireReader): void {
    const id = body.uint32();
    const head = decodeRequest(body);
    if (id === undefined || head === undefined) {
      this.#malformed("channel request");
      return;
    }
    const channel = this.#channels.get(id);
    if (channel === undefined) {
      this.#forgiven.add("a request for an unknown channel");
    } else {
      channel.receiveRequest(head, body);
    }
  }

  #channelReply(body: WireReader, accepted: boolean): void {
    const channel = this.#forgivingChannel(body, "reply", "a reply for an unknown channel");
    if (channel !== undefined) {
      if (body.left > 0) {
        this.#malformed("reply");
      } else {
        channel.receiveReply(accepted);
      }
    }
  }

  /** The existing channel that a message names; otherwise a violation. */
  #channel(body: WireReader, what: string): Channel | undefined {
    const id = body.uint32();
    if (id === undefined) {
      this.#malformed(what);
      return undefined;
    }
    const channel = this.#channels.get(id);
    if (channel === undefined) {
      this.#violated("unknown-channel", `A message (${what}) is for channel ${id}, which does not exist`);
    }
    return channel;
  }

  /** Like `#channel`, but undefined also for a channel that is still being opened: its messages are ignored. */
  #openChannel(body: WireReader, what: string): Channel | undefined {
    const channel = this.#channel(body, what);
    if (channel !== undefined && this.#openings.has(channel.localId)) {
      this.#forgiven.add("data for a channel that is not open");
      return undefined;
    }
    return channel;
  }

  /** Like `#channel`, for messages that are ignored when the channel does not exist: they may cross its end. */
  #forgivingChannel(body: WireReader, what: string, kind: ForgivenMessage): Channel | undefined {
    const id = body.uint32();
    if (id === undefined || id > largestChannelId) {
      this.#malformed(what);
      return undefined;
    }
    const channel = this.#channels.get(id);
    if (channel === undefined) {
      this.#forgiven.add(kind);
    }
    return channel;
  }

  #opening(channel: Channel | undefined, what: string): ChannelOpening | undefined {
    const opening = channel && this.#openings.get(channel.localId);
    if (channel !== undefined && opening === undefined) {
      this.#violated("not-opening", `A message (${what}) is for channel ${channel.localId}, which is open`);
    }
    return opening;
  }

  #add(type: string, window: number): Channel {
    const channel = new Channel(this.#channelHost, this.#nextId++, type, window);
    this.#channels.set(channel.localId, channel);
    return channel;
  }

  #reply(bytes: Uint8Array): void {
    if (!this.#replies.send(bytes)) {
      this.#violated("replies-not-read", "The server asks for replies and does not read them");
    }
  }

  #malformed(what: string): void {
    this.#violated("malformed", `A message (${what}) is malformed`);
  }

  #violated(reason: ProtocolViolation, text: string): void {
    if (!this.#ended) {
      this.#host.violated(new ProtocolError(reason, text));
    }
  }
}
