import type { Disposable } from "../../../base/disposable.ts";
import { WireReader, wireUint32 } from "../../../base/wire.ts";
import type { GlobalReply } from "../globalRequests.ts";
import {
  type ChannelOpen,
  decodeOpen,
  decodeRequest,
  encode,
  encodeOpenFailure,
  message,
  openFailureCode,
} from "../messages.ts";
import { PastTotals } from "./pastTotals.ts";
import { targetOf } from "./relayedAddress.ts";
import { firstLoan, RelayedChannel } from "./relayedChannel.ts";
import { RelayGlobalRequests } from "./relayGlobalRequests.ts";
import { RelayOffers, tooManyChannels } from "./relayOffers.ts";
import type { RelayClientPort, RelayEnd, RelayedChannelSnapshot, RelayedClient } from "./relayTypes.ts";
import { claimVariable } from "./relayTypes.ts";
import { isGoodName, judgeChannelOpen, judgeChannelRequest } from "./requestRules.ts";
import type { ServerDescriptors } from "./serverDescriptors.ts";

/** What a client needs from the relay. */
export interface RelayClientHost {
  /** Sends to the server. */
  send(bytes: Uint8Array): void;
  request(name: string, payload: Uint8Array, settle: (reply: GlobalReply | undefined) => void): void;
  forwardAgent(): Disposable | undefined;
  takeId(): number;
  add(channel: RelayedChannel): void;
  forget(channel: RelayedChannel): void;
  changed(): void;
  readonly descriptors: ServerDescriptors;
  gone(): void;
}

/** The most channels that a client may have at a time; further ones are refused. */
const mostChannels = 1024;

/** Characters of a command and of a program's name that are kept, to be shown. A longer name is none. */
const longestCommand = 1000;
const longestClaim = 200;

/** A program whose channels run over our connection. */
export class RelayClient implements RelayedClient {
  readonly #port: RelayClientPort;
  readonly #host: RelayClientHost;
  readonly #globals: RelayGlobalRequests;
  /** By the program's channel number. */
  readonly #own = new Map<number, RelayedChannel>();
  /** The open ones, by the server's channel number. */
  readonly #open = new Map<number, RelayedChannel>();
  readonly #offers: RelayOffers;
  claim: string | undefined;
  readonly past = new PastTotals();
  #ended = false;

  constructor(port: RelayClientPort, host: RelayClientHost) {
    this.#port = port;
    this.#host = host;
    this.#offers = new RelayOffers((bytes) => host.send(bytes), host.descriptors);
    this.#globals = new RelayGlobalRequests(this, host, (reply) => this.#send(reply));
  }

  get channels(): readonly RelayedChannelSnapshot[] {
    return [...this.#own.values()].map((channel) => channel.snapshot());
  }

  get listeners(): readonly string[] {
    return this.#host.descriptors.addressesOf(this);
  }

  get sessions(): number {
    return [...this.#own.values()].filter(({ isSession }) => isSession).length;
  }

  receive(bytes: Buffer): void {
    if (this.#ended) {
      return;
    }
    const body = new WireReader(bytes, 1);
    switch (bytes[0]) {
      case message.globalRequest:
        if (!this.#globals.receive(body)) {
          this.#violated("It sent a malformed global request, or too many");
        }
        break;
      case message.requestSuccess:
      case message.requestFailure:
        // Global requests of the server are answered by this extension.
        break;
      case message.channelOpen:
        this.#openChannel(body, bytes);
        break;
      case message.channelOpenConfirmation:
      case message.channelOpenFailure:
        this.#answerOffer(body, bytes);
        break;
      default:
        this.#channelMessage(bytes[0] ?? 0, body, bytes);
    }
  }

  dispose(): void {
    if (this.#ended) {
      return;
    }
    this.#ended = true;
    this.#offers.end();
    this.#globals.end();
    // A channel that is still being opened is closed when it opens.
    for (const channel of this.#open.values()) {
      this.#close(channel);
    }
    this.#own.clear();
    this.#open.clear();
    this.#host.gone();
  }

  connectionEnded(): void {
    if (!this.#ended) {
      this.#ended = true;
      for (const channel of this.#own.values()) {
        channel.agent?.dispose();
      }
      this.#port.ended("connection-ended", "The connection has ended");
    }
  }

  /** It says who it is. */
  claims(text: string): void {
    this.claim ??= text.length > longestClaim ? "" : text;
    this.#host.changed();
  }

  // Messages of the server; called by the relay.

  /** @param bytes the whole message; the program uses the same number as the server */
  offered(open: ChannelOpen, bytes: Buffer): void {
    if (this.#offers.add(open, bytes, this.#open.has(open.sender))) {
      this.#send(bytes);
    }
  }

  /** @returns false if the reply is malformed */
  answered(channel: RelayedChannel, type: number, body: WireReader, bytes: Buffer): boolean {
    if (type === message.channelOpenFailure) {
      this.#own.delete(channel.clientId);
      this.#host.forget(channel);
      if (!this.#ended && channel.type === "session" && this.#goesElsewhere(channel)) {
        this.dispose();
      } else {
        this.pass(channel, bytes);
      }
      return true;
    }
    const [serverId, window, packet] = [body.uint32(), body.uint32(), body.uint32()];
    if (serverId === undefined || window === undefined || packet === undefined || body.left > 0) {
      return false;
    }
    channel.opened(serverId, window, packet);
    if (this.#ended) {
      this.#close(channel);
      return true;
    }
    this.#open.set(serverId, channel);
    bytes.writeUInt32BE(firstLoan(window), 9);
    this.pass(channel, bytes);
    return true;
  }

  /** Only a client without another channel or request on this connection. */
  #goesElsewhere(channel: RelayedChannel): boolean {
    const mayMove = this.#own.size === 0 && !this.#globals.isUsed;
    return this.#port.sessionRefused?.(mayMove ? channel.encodeOpen() : undefined) === true && mayMove;
  }

  pass(channel: RelayedChannel, bytes: Buffer): void {
    if (!this.#ended) {
      bytes.writeUInt32BE(channel.clientId, 1);
      this.#send(bytes);
    }
  }

  serverClosed(channel: RelayedChannel, bytes: Buffer): void {
    channel.closeReceived = true;
    this.pass(channel, bytes);
    this.#forgetIfOver(channel);
  }

  serverAsks(channel: RelayedChannel, body: WireReader, bytes: Buffer): void {
    if (decodeRequest(body)?.wantReply !== true) {
      this.pass(channel, bytes);
    } else if (!channel.closeSent) {
      // sshd sends this request to check that the client is alive (ClientAliveInterval). A stopped program would not
      // reply, and sshd would end the connection. Any reply will do, and no other request of a server wants one.
      this.#host.send(encode(message.channelFailure, wireUint32(channel.serverId ?? 0)));
    }
  }

  serverReplies(channel: RelayedChannel, bytes: Buffer): void {
    if (!this.#ended) {
      bytes.writeUInt32BE(channel.clientId, 1);
      channel.replies.answered(bytes);
    }
  }

  // Messages of the program.

  #openChannel(body: WireReader, bytes: Buffer): void {
    const open = decodeOpen(body);
    const judgement = open && judgeChannelOpen(open.type, body.rest());
    if (open === undefined || judgement === "malformed" || this.#own.has(open.sender)) {
      this.#violated("It sent a malformed channel open, or one with a number that is in use");
      return;
    }
    if (judgement === "unknown") {
      this.#send(encodeOpenFailure(open.sender, openFailureCode.unknownChannelType, "open failed"));
      return;
    }
    const hasRoom = open.type === "session" || this.#host.descriptors.hasRoom;
    if (!hasRoom || this.#own.size >= mostChannels) {
      this.#send(encodeOpenFailure(open.sender, openFailureCode.resourceShortage, tooManyChannels));
      return;
    }
    const channel = this.#add(open.type, open.sender, open);
    channel.target = targetOf(open.type, body.rest());
    // The sender's channel number follows the type.
    bytes.writeUInt32BE(channel.localId, 1 + 4 + Buffer.byteLength(open.type));
    this.#host.send(bytes);
  }

  #answerOffer(body: WireReader, bytes: Buffer): void {
    const serverId = body.uint32();
    const offer = serverId === undefined ? undefined : this.#offers.get(serverId);
    if (serverId === undefined || offer === undefined) {
      this.#violated("It answered a channel open that it did not receive");
      return;
    }
    const [first, window, packet] = [body.uint32(), body.uint32(), body.uint32()];
    if (bytes[0] === message.channelOpenFailure) {
      // The program's description and language tag may be malformed.
      this.#offers.refuse(serverId, "open failed");
      return;
    }
    if (first === undefined || window === undefined || packet === undefined || body.left > 0) {
      this.#violated("It sent a malformed open confirmation");
      return;
    }
    if (this.#own.has(first)) {
      this.#violated("It confirmed a channel with a number that is in use");
      return;
    }
    this.#offers.confirmed(serverId);
    const channel = this.#add(offer.type, first, { window, packet });
    channel.opened(serverId, offer.window, offer.packet);
    this.#open.set(serverId, channel);
    bytes.writeUInt32BE(channel.localId, 5);
    this.#host.send(bytes);
  }

  #channelMessage(type: number, body: WireReader, bytes: Buffer): void {
    const serverId = body.uint32();
    const channel = serverId === undefined ? undefined : this.#open.get(serverId);
    if (channel === undefined) {
      this.#violated("It sent a message for a channel that it does not have");
    } else if (!channel.closeSent && !this.#take(type, channel, body, bytes)) {
      this.#violated(`It sent a message (${type}) that is malformed or not allowed now`);
    }
  }

  /** @returns false if sshd would end the connection over it */
  #take(type: number, channel: RelayedChannel, body: WireReader, bytes: Buffer): boolean {
    switch (type) {
      case message.channelWindowAdjust: {
        const more = body.uint32();
        if (more === undefined || body.left > 0 || !channel.grant(more)) {
          return false;
        }
        break;
      }
      case message.channelData:
      case message.channelExtendedData: {
        const hasType = type === message.channelData || body.uint32() !== undefined;
        const data = body.string();
        if (!hasType || data === undefined || body.left > 0 || !channel.send(data.length)) {
          return false;
        }
        break;
      }
      case message.channelEof:
        if (body.left > 0 || channel.eofSent) {
          return false;
        }
        channel.eofSent = true;
        break;
      case message.channelClose:
        if (body.left > 0) {
          return false;
        }
        this.#close(channel);
        return true;
      case message.channelRequest:
        return this.#channelRequest(channel, body, bytes);
      case message.channelSuccess:
      case message.channelFailure:
        // The relay answers the server's requests.
        return body.left === 0;
      default:
        return false;
    }
    this.#host.send(bytes);
    return true;
  }

  #channelRequest(channel: RelayedChannel, body: WireReader, bytes: Buffer): boolean {
    const head = decodeRequest(body);
    if (head === undefined || !isGoodName(head.name) || channel.replies.isFull) {
      return false;
    }
    const { name, wantReply } = head;
    const payload = body.rest();
    if (judgeChannelRequest(name, payload) === "malformed") {
      return false;
    }
    const fields = new WireReader(payload);
    let success = false;
    if (name === "env" && fields.text() === claimVariable) {
      this.claims(fields.text() ?? "");
      success = true;
    } else if (name === "x11-req") {
      // X11: the server would open channels to a display without saying for which session.
    } else if (name !== "auth-agent-req@openssh.com" || this.#forwardsAgent(channel)) {
      if (name === "exec" || name === "subsystem") {
        // A copy: a slice keeps the whole text in memory.
        channel.command = Buffer.from(fields.text()?.slice(0, longestCommand) ?? "").toString();
        this.#host.changed();
      }
      if (wantReply) {
        channel.replies.asked();
      }
      this.#host.send(bytes);
      return true;
    }
    if (wantReply) {
      const type = success ? message.channelSuccess : message.channelFailure;
      channel.replies.answer(encode(type, wireUint32(channel.clientId)));
    }
    return true;
  }

  #forwardsAgent(channel: RelayedChannel): boolean {
    channel.agent ??= this.#host.forwardAgent();
    return channel.agent !== undefined;
  }

  #add(type: string, clientId: number, takes: Pick<ChannelOpen, "window" | "packet">): RelayedChannel {
    const channel = new RelayedChannel({
      ...{ type, clientId, client: this, localId: this.#host.takeId() },
      ...{ window: takes.window, packet: takes.packet },
      toProgram: (bytes) => this.#send(bytes),
    });
    this.#own.set(clientId, channel);
    this.#host.add(channel);
    return channel;
  }

  /** Sends CLOSE to the server, once. */
  #close(channel: RelayedChannel): void {
    if (!channel.closeSent && channel.serverId !== undefined) {
      channel.closeSent = true;
      this.#host.send(encode(message.channelClose, wireUint32(channel.serverId)));
      this.#forgetIfOver(channel);
    }
  }

  #forgetIfOver(channel: RelayedChannel): void {
    if (channel.isOver && channel.serverId !== undefined) {
      this.#own.delete(channel.clientId);
      this.#open.delete(channel.serverId);
      this.past.add(channel);
      this.#host.forget(channel);
    }
  }

  #violated(text: string): void {
    this.#end("violation", text);
  }

  #end(reason: RelayEnd, text: string): void {
    this.dispose();
    this.#port.ended(reason, text);
  }

  #send(bytes: Buffer): void {
    if (!this.#ended) {
      this.#port.send(bytes);
    }
  }
}
