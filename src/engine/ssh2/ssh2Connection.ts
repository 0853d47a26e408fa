import { Socket } from "node:net";
import { performance } from "node:perf_hooks";
import type { Duplex } from "node:stream";
import type { Disposable } from "../../base/disposable.ts";
import { Emitter } from "../../base/emitter.ts";
import { guarded } from "../../base/guarded.ts";
import { printable } from "../../base/log.ts";
import type { WireReader } from "../../base/wire.ts";
import { ChannelStream } from "../channels/channelStream.ts";
import { ChannelTable } from "../channels/channelTable.ts";
import { openForwardChannel, probeByChannel } from "../channels/clientChannels.ts";
import { GlobalRequests } from "../channels/globalRequests.ts";
import { openFailureCode } from "../channels/messages.ts";
import type { Acceptance } from "../channels/peerOpens.ts";
import { ProtocolError } from "../channels/protocolError.ts";
import { Relay } from "../channels/relay/relay.ts";
import { forwardedTypes, RemoteForwards } from "../channels/remoteForwards.ts";
import { prepareSession, startSession } from "../channels/sessionRequests.ts";
import type { Wire } from "../channels/wire.ts";
import type {
  ConnectionEnd,
  ConnectionEndReason,
  Endpoint,
  EngineCapabilities,
  EngineChannel,
  EngineConnection,
  ForwardAddress,
  ForwardedHandler,
  RemoteListener,
  SessionSpec,
} from "../connectionEngine.ts";
import type { ConnectionInfo } from "../connectionInfo.ts";
import { ChannelError } from "../engineErrors.ts";
import { largestMessage } from "../largestMessage.ts";
import { OutgoingBacklog } from "../outgoingBacklog.ts";
import { AgentForwarding, agentChannelType } from "../transport/agentForwarding.ts";
import { type BundledWrites, bundleWrites } from "../transport/bundledWrites.ts";
import { ReadGate } from "../transport/readGate.ts";
import { ServerGreeting } from "../transport/serverGreeting.ts";
import { HostKeyAnnouncements } from "./hostKeyAnnouncement.ts";
import {
  ignore,
  protocolCodes,
  protocolErrorMessage,
  type Ssh2ConnectionParts,
} from "./ssh2ConnectionParts.ts";
import { type PacketWriter, takeOver } from "./ssh2Internals.ts";

/** With more bytes than this waiting in the socket, channels wait: a keystroke must not queue behind an upload. */
const socketMark = 128 * 1024;

/**
 * With more bytes than this waiting in the socket, reading stops. Data already stops at `socketMark`: the excess are
 * replies to a peer that sends requests and does not read. OpenSSH waits at once (ssh_packet_write_wait).
 */
const readMark = 1024 * 1024;

/** How long an orderly `close` waits for the peer, in milliseconds. */
const closeWait = 2_000;

/** One connection, from its first byte (the login uses it) until `onDidClose`. It owns the socket. */
export class Ssh2Connection implements EngineConnection {
  readonly capabilities: EngineCapabilities = { rekey: true };
  /** The server's unencrypted text, for errors and for its version. */
  readonly greeting = new ServerGreeting();
  readonly #parts: Ssh2ConnectionParts;
  readonly #table: ChannelTable;
  readonly relay: Relay;
  readonly #closed = new Emitter<ConnectionEnd>();
  readonly onDidClose = this.#closed.event;
  readonly #agent: AgentForwarding;
  #writer: PacketWriter | undefined;
  readonly #reading: ReadGate;
  #info: ConnectionInfo | undefined;
  #ended: ConnectionEnd | undefined;
  #disconnect: { readonly code: number; readonly description: string } | undefined;
  #closing: Disposable | undefined;
  readonly #announcements: HostKeyAnnouncements;
  #hasSession = false;
  #lastReceived = performance.now();
  #bytesIn = 0;
  #bytesOut = 0;
  readonly #writes: BundledWrites;
  readonly #backlog = new OutgoingBacklog();
  readonly #requests: GlobalRequests;
  readonly #forwards: RemoteForwards;

  /** @param parts `client.connect` has not been called yet; `socket` is connected. */
  constructor(parts: Ssh2ConnectionParts) {
    this.#parts = parts;
    const { client, socket } = parts;
    this.#reading = new ReadGate(socket);
    this.#agent = new AgentForwarding(parts.config, parts.agentSockets, parts.logger);
    const writer = (): PacketWriter | undefined => this.#writer;
    this.#requests = new GlobalRequests((bytes, sent) => writer()?.send(bytes, sent));
    this.#forwards = new RemoteForwards(this.#requests, parts.logger);
    this.#announcements = new HostKeyAnnouncements(parts.hostKeys, this.#requests);
    const wire: Wire = {
      send: (bytes) => writer()?.send(bytes),
      sendData: (recipient, data) => writer()?.sendData(recipient, data),
      get congested() {
        // A stream emits `drain` only after it has returned false once.
        const socketIsFull = socket.writableNeedDrain && socket.writableLength > socketMark;
        return socketIsFull || (writer()?.heldBytes ?? 0) > socketMark;
      },
    };
    this.relay = new Relay({
      ...{ wire, requests: this.#requests },
      forwardAgent: () => (parts.config.forwardAgent ? this.#agent.beginIfPossible() : undefined),
    });
    this.#table = new ChannelTable({
      wire,
      logger: parts.logger,
      violated: (error) => this.#violated(error),
      accept: (type, body) => this.#accept(type, body),
      globalReply: (accepted, body) => this.#requests.receive(accepted, body),
      announced: (name, body) =>
        this.#announcements.receive(name, body, writer()?.sessionId() ?? Buffer.alloc(0)),
    });
    client.on(
      "error",
      guarded((error: Error & { level?: string }) => this.#onError(error)),
    );
    client.on(
      "end",
      guarded(() => this.#finish("disconnected")),
    );
    client.on(
      "close",
      guarded(() => this.#finish("disconnected")),
    );
    socket.on(
      "drain",
      guarded(() => this.#onDrain()),
    );
    this.#writes = bundleWrites(
      socket,
      (bytes) => {
        this.#bytesOut += bytes;
        this.#backlog.sent(bytes, performance.now());
      },
      (goesOn) => {
        if (!goesOn && socket.writableLength > readMark && !this.#ended) {
          this.#reading.stop("replies", true);
        }
      },
    );
  }

  /** Call it right after `client.connect`. @throws ConnectError when ssh2's internals have changed. */
  takeOver(login: (payload: Buffer) => void): Pick<PacketWriter, "send" | "sessionId" | "binding"> {
    const { client, socket, config, logger, clock } = this.#parts;
    const writer = takeOver(
      client,
      {
        receive: (bytes) => void (this.relay.receive(bytes) || this.#table.receive(bytes)),
        tooEarly: () =>
          this.#violated(
            new ProtocolError("too-early", "The server opened the connection protocol before login"),
          ),
      },
      (code, description) => this.#onDisconnect(code, description),
      {
        login,
        logger,
        clock,
        greeting: this.greeting,
        rekeyLimit: config.rekeyLimit ?? {},
        hold: (on) => this.#reading.stop("packets", on),
        unimplemented: (sequence) => this.#requests.unimplemented(sequence),
        exchanged: () => this.#resumeSending(),
      },
    );
    // ssh2 has paused the socket until it listens itself: nothing is lost, and this listener comes first.
    socket.prependListener("data", (data: Uint8Array) => this.#onData(data));
    this.#writer = writer;
    return writer;
  }

  /** The peer broke the rules of the login: ends the connection for that reason. */
  loginViolated(error: Error): void {
    this.#finish("protocol", error);
  }

  /** The login has succeeded. */
  ready(info: ConnectionInfo): void {
    this.#info = info;
  }

  get info(): ConnectionInfo {
    return this.#info ?? { serverVersion: this.greeting.version ?? "", authMethod: "" };
  }

  get ended(): ConnectionEnd | undefined {
    return this.#ended;
  }

  /** SSH_MSG_DISCONNECT (RFC 4253 section 11.1), if the server sent one. Untrusted. */
  get disconnectMessage(): { readonly code: number; readonly description: string } | undefined {
    return this.#disconnect;
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

  async openSession(spec: SessionSpec, signal: AbortSignal): Promise<EngineChannel> {
    const { windows } = this.#parts;
    const window = spec.pty === undefined ? windows.other : windows.pty;
    const forwardAgent = spec.forwardAgent === true && this.#agent.isPossible;
    const session = prepareSession(spec, forwardAgent, largestMessage(this.info.serverVersion));
    try {
      const channel = await this.#table.open("session", window, Buffer.alloc(0), signal);
      this.#hasSession = true;
      if (forwardAgent) {
        const forwarding = this.#agent.begin();
        channel.onDidClose(() => forwarding.dispose());
      }
      await startSession(channel, session, this.#parts.clock, signal);
      return channel;
    } catch (error) {
      throw this.#withWords(error);
    }
  }

  /** A server that ends the connection instead of opening a session may have sent a reason. */
  #withWords(error: unknown): unknown {
    const said = this.#disconnect?.description;
    return ChannelError.is(error) && error.reason === "connection-ended" && said !== undefined
      ? new ChannelError(error.reason, error.message, {
          cause: error,
          mayHaveStarted: error.mayHaveStarted,
          description: said,
        })
      : error;
  }

  async openDirectTcpip(target: Endpoint, originator: Endpoint, signal: AbortSignal): Promise<Duplex> {
    return new ChannelStream(await this.openForward({ type: "tcp", ...target }, originator, signal));
  }

  openForward(target: ForwardAddress, originator: Endpoint, signal: AbortSignal): Promise<EngineChannel> {
    return openForwardChannel(this.#table, target, originator, this.#parts.windows.other, signal);
  }

  listen(at: ForwardAddress, handler: ForwardedHandler, signal: AbortSignal): Promise<RemoteListener> {
    return this.#forwards.listen(at, handler, signal);
  }

  ping(signal: AbortSignal): Promise<number> {
    const sent = performance.now();
    return this.#requests.request(
      "keepalive@openssh.com",
      Buffer.alloc(0),
      signal,
      () => performance.now() - sent,
    );
  }

  probeChannel(signal: AbortSignal): Promise<number> {
    return probeByChannel(this.#table, signal);
  }

  get sendDelay(): number {
    const waiting = this.#parts.socket.writableLength;
    return this.#backlog.delay(
      performance.now(),
      this.#table.unacknowledged + this.relay.unacknowledged + waiting,
    );
  }

  setTcpKeepAlive(on: boolean): void {
    const { socket } = this.#parts;
    if (socket instanceof Socket) {
      socket.setKeepAlive(on);
    }
  }

  rekey(): void {
    this.#writer?.rekey();
  }

  close(): void {
    if (this.#ended || this.#closing) {
      return;
    }
    this.#closing = this.#parts.clock.setTimeout(() => this.destroy(), closeWait);
    this.#parts.client.end();
  }

  destroy(): void {
    this.#finish("closed");
  }

  #onData(data: Uint8Array): void {
    this.#lastReceived = performance.now();
    this.#bytesIn += data.length;
    if (this.#info !== undefined && !this.#hasSession && this.#table.isOpening) {
      setImmediate(guarded(() => this.#acknowledge()));
    }
  }

  /**
   * sshd disables Nagle's algorithm only when a session starts. Before, it announces its host keys and sends debug
   * messages. Its reply to our first channel then waits until we acknowledge those, which the kernel delays by 40 ms
   * unless we send something. So we send a message.
   */
  #acknowledge(): void {
    if (this.#table.isOpening) {
      this.#writer?.send(ignore);
    }
  }

  #onError(error: Error & { level?: string }): void {
    this.#finish(error.level === "client-socket" ? "lost" : "protocol", error);
  }

  #onDisconnect(code: number, description: string): void {
    this.#disconnect = { code, description };
    const text = `The server disconnected (code ${code}): ${printable(description)}`;
    this.#finish(protocolCodes.has(code) ? "protocol" : "disconnected", new Error(text));
  }

  /** As ssh_packet_disconnect in OpenSSH's packet.c: sends the reason to the peer and ends the connection. */
  #violated(error: ProtocolError): void {
    if (!this.#ended) {
      this.#parts.logger.warn(`The server broke the SSH protocol (${error.reason}): ${error.message}`);
      this.#writer?.send(protocolErrorMessage(error.message));
      this.#finish("protocol", error);
    }
  }

  #onDrain(): void {
    this.#reading.stop("replies", false);
    this.#resumeSending();
  }

  #resumeSending(): void {
    this.#table.resumeSending();
    this.relay.resumeSending();
  }

  #finish(reason: ConnectionEndReason, error?: Error): void {
    if (this.#ended) {
      return;
    }
    // After our own close, it does not matter how the peer ends the connection.
    const said = this.#disconnect?.description ?? "";
    this.#ended = this.#closing
      ? { reason: "closed" }
      : { reason, ...(error !== undefined && { error }), ...(said.trim() !== "" && { said }) };
    this.#closing?.dispose();
    this.#writer?.end();
    this.#writes.flush();
    this.#parts.socket.destroy();
    this.#announcements.end();
    this.#table.end();
    this.relay.end();
    this.#agent.dispose();
    this.#requests.end();
    this.#closed.fire(this.#ended);
    this.#closed.dispose();
  }

  #accept(type: string, body: WireReader): Acceptance {
    if (forwardedTypes.has(type)) {
      return this.#forwards.accept(type, body);
    }
    return type === agentChannelType ? this.#agent.accept() : openFailureCode.administrativelyProhibited;
  }
}
