import { performance } from "node:perf_hooks";
import type { Duplex } from "node:stream";
import type { Clock } from "../base/clock.ts";
import type { Disposable } from "../base/disposable.ts";
import { Emitter } from "../base/emitter.ts";
import type { Logger } from "../base/log.ts";
import type { WireReader } from "../base/wire.ts";
import type { Channel } from "./channels/channel.ts";
import { ChannelStream } from "./channels/channelStream.ts";
import { ChannelTable } from "./channels/channelTable.ts";
import { openForwardChannel, probeByChannel } from "./channels/clientChannels.ts";
import type { Acceptance } from "./channels/peerOpens.ts";
import { ProtocolError } from "./channels/protocolError.ts";
import { prepareSession, startSession } from "./channels/sessionRequests.ts";
import type { Wire } from "./channels/wire.ts";
import type {
  ConnectionEnd,
  Endpoint,
  EngineCapabilities,
  EngineChannel,
  EngineConnection,
  ForwardAddress,
  ForwardedHandler,
  RemoteListener,
  SessionSpec,
} from "./connectionEngine.ts";
import type { ConnectionInfo } from "./connectionInfo.ts";
import { largestMessage } from "./largestMessage.ts";
import { OutgoingBacklog } from "./outgoingBacklog.ts";

/** Receive windows in bytes: they limit what can still arrive after `pause`, and the speed at a given round trip. */
export interface WindowSizes {
  /** Small, so that Ctrl+C works soon: 256 KiB carries 2.5 MB/s at 100 ms, more than a terminal can show. */
  readonly pty: number;
  readonly other: number;
}

export const usualWindows: WindowSizes = { pty: 256 * 1024, other: 2 * 1024 * 1024 };

/** A wire over a socket. */
export interface SocketWire extends Wire {
  /** Bytes that the socket has not accepted yet. */
  readonly waiting: number;
}

/** What a wire reports to its connection. */
export interface WireEvents {
  /** @param message complete, with a number from 80 to 127 */
  receive(message: Buffer): void;
  received(bytes: number): void;
  sent(bytes: number): void;
  /** The wire accepts data again. */
  drained(): void;
  /** The connection can't go on. @param what the peer sent */
  malformed(what: string): void;
}

export interface ChannelConnectionParts {
  readonly logger: Logger;
  readonly clock: Clock;
  readonly windows?: WindowSizes;
}

/**
 * What the connections of all engines have in common: our channels on a wire, what passed over it, and one end. A
 * subclass owns the socket, and knows what can be requested there besides channels.
 */
export abstract class ChannelConnection<W extends SocketWire> implements EngineConnection {
  readonly capabilities: EngineCapabilities = { rekey: false };
  abstract readonly info: ConnectionInfo;
  protected readonly wire: W;
  protected readonly table: ChannelTable;
  protected readonly logger: Logger;
  readonly #clock: Clock;
  readonly #windows: WindowSizes;
  readonly #backlog = new OutgoingBacklog();
  readonly #closed = new Emitter<ConnectionEnd>();
  readonly onDidClose = this.#closed.event;
  #ended: ConnectionEnd | undefined;
  /** An orderly close waits for the peer. Disposed at the end. */
  protected closing: Disposable | undefined;
  #lastReceived = performance.now();
  #bytesIn = 0;
  #bytesOut = 0;

  /** @param wireOf makes the wire, which must not report anything before the constructor of the subclass is done */
  protected constructor(
    { logger, clock, windows = usualWindows }: ChannelConnectionParts,
    wireOf: (events: WireEvents) => W,
  ) {
    this.logger = logger;
    this.#clock = clock;
    this.#windows = windows;
    this.wire = wireOf({
      receive: (message) => this.receive(message),
      received: (bytes) => this.received(bytes),
      sent: (bytes) => {
        this.#bytesOut += bytes;
        this.#backlog.sent(bytes, performance.now());
      },
      drained: () => this.drained(),
      malformed: (what) => this.violated(new ProtocolError("malformed", `The peer sent ${what}`)),
    });
    this.table = new ChannelTable({
      wire: this.wire,
      logger,
      violated: (error) => this.violated(error),
      accept: (type, body) => this.accept(type, body),
      globalReply: (accepted, body) => this.globalReply(accepted, body),
      announced: (name, body) => this.announced(name, body),
    });
  }

  get ended(): ConnectionEnd | undefined {
    return this.#ended;
  }

  get lastReceived(): number {
    return this.#lastReceived;
  }

  get bytesIn(): number {
    return this.#bytesIn;
  }

  get bytesOut(): number {
    return this.#bytesOut;
  }

  get sendDelay(): number {
    return this.#backlog.delay(performance.now(), this.unacknowledged + this.wire.waiting);
  }

  openSession(spec: SessionSpec, signal: AbortSignal): Promise<EngineChannel> {
    return this.startSession(spec, false, signal);
  }

  async openDirectTcpip(target: Endpoint, originator: Endpoint, signal: AbortSignal): Promise<Duplex> {
    return new ChannelStream(await this.openForward({ type: "tcp", ...target }, originator, signal));
  }

  openForward(target: ForwardAddress, originator: Endpoint, signal: AbortSignal): Promise<EngineChannel> {
    return openForwardChannel(this.table, target, originator, this.#windows.other, signal);
  }

  abstract listen(
    at: ForwardAddress,
    handler: ForwardedHandler,
    signal: AbortSignal,
  ): Promise<RemoteListener>;

  abstract ping(signal: AbortSignal): Promise<number>;

  probeChannel(signal: AbortSignal): Promise<number> {
    return probeByChannel(this.table, signal);
  }

  /** Default: the socket of the connection belongs to another process, which keeps its options. */
  setTcpKeepAlive(_on: boolean): void {}

  rekey(): void {}

  abstract close(): void;

  destroy(): void {
    this.finish({ reason: "closed" });
  }

  /** Opens a session channel and starts its program. @param opened called between the two */
  protected async startSession(
    spec: SessionSpec,
    forwardAgent: boolean,
    signal: AbortSignal,
    opened?: (channel: Channel) => void,
  ): Promise<EngineChannel> {
    const session = prepareSession(spec, forwardAgent, largestMessage(this.info.serverVersion));
    const window = spec.pty === undefined ? this.#windows.other : this.#windows.pty;
    const channel = await this.table.open("session", window, Buffer.alloc(0), signal);
    opened?.(channel);
    await startSession(channel, session, this.#clock, signal);
    return channel;
  }

  /** Sent bytes of channel data that the peer has not consumed. */
  protected get unacknowledged(): number {
    return this.table.unacknowledged;
  }

  protected receive(message: Buffer): void {
    this.table.receive(message);
  }

  protected received(bytes: number): void {
    this.countReceived(bytes);
    this.provesLife();
  }

  protected countReceived(bytes: number): void {
    this.#bytesIn += bytes;
  }

  /** What just came is from the server. */
  protected provesLife(): void {
    this.#lastReceived = performance.now();
  }

  protected drained(): void {
    this.table.resumeSending();
  }

  /** The server opens a channel. See ChannelTableHost. */
  protected abstract accept(type: string, body: WireReader): Acceptance;

  /** Default: it sends no global requests, so nothing is replied to. */
  protected globalReply(_accepted: boolean, _body: WireReader): void {}

  protected announced(_name: string, _body: WireReader): void {}

  /** The peer broke the rules: ends the connection for that reason. */
  protected violated(error: ProtocolError): void {
    if (this.#ended === undefined) {
      this.logger.warn(`The server broke the SSH protocol (${error.reason}): ${error.message}`);
      this.finish({ reason: "protocol", error });
    }
  }

  /** Ends it, once. After our own close, it does not matter how the peer ends the connection. */
  protected finish(end: ConnectionEnd): void {
    if (this.#ended !== undefined) {
      return;
    }
    this.#ended = this.closing === undefined ? end : { reason: "closed" };
    this.closing?.dispose();
    this.detach();
    this.table.end();
    this.channelsEnded();
    this.#closed.fire(this.#ended);
    this.#closed.dispose();
  }

  /** Ends the wire and frees its socket. Called once, at the end, before the channels end. */
  protected abstract detach(): void;

  /** Frees what works over the channels. Called once, at the end. */
  protected channelsEnded(): void {}
}
