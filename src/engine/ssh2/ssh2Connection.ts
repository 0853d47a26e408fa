import { Socket } from "node:net";
import { guarded } from "../../base/guarded.ts";
import { printable } from "../../base/log.ts";
import type { WireReader } from "../../base/wire.ts";
import { ChannelConnection } from "../channelConnection.ts";
import { GlobalRequests } from "../channels/globalRequests.ts";
import type { Acceptance } from "../channels/peerOpens.ts";
import { ProtocolError } from "../channels/protocolError.ts";
import { Relay } from "../channels/relay/relay.ts";
import { RemoteForwards } from "../channels/remoteForwards.ts";
import type {
  ConnectionEndReason,
  EngineCapabilities,
  EngineChannel,
  ForwardAddress,
  ForwardedHandler,
  RemoteListener,
  SessionSpec,
} from "../connectionEngine.ts";
import type { ConnectionInfo } from "../connectionInfo.ts";
import { ChannelError } from "../engineErrors.ts";
import { AgentForwarding, agentChannelType } from "../transport/agentForwarding.ts";
import { ServerGreeting } from "../transport/serverGreeting.ts";
import { HostKeyAnnouncements } from "./hostKeyAnnouncement.ts";
import {
  ignore,
  protocolCodes,
  protocolErrorMessage,
  type Ssh2ConnectionParts,
} from "./ssh2ConnectionParts.ts";
import { type PacketWriter, takeOver } from "./ssh2Internals.ts";
import { Ssh2Wire } from "./ssh2Wire.ts";

/** How long an orderly `close` waits for the peer, in milliseconds. */
const closeWait = 2_000;

/** One connection, from its first byte (the login uses it) until `onDidClose`. It owns the socket. */
export class Ssh2Connection extends ChannelConnection<Ssh2Wire> {
  override readonly capabilities: EngineCapabilities = { rekey: true };
  /** The server's unencrypted text, for errors and for its version. */
  readonly greeting = new ServerGreeting();
  readonly relay: Relay;
  readonly #parts: Ssh2ConnectionParts;
  readonly #agent: AgentForwarding;
  readonly #requests: GlobalRequests;
  readonly #forwards: RemoteForwards;
  readonly #announcements: HostKeyAnnouncements;
  #info: ConnectionInfo | undefined;
  #disconnect: { readonly code: number; readonly description: string } | undefined;
  #hasSession = false;

  /** @param parts `client.connect` has not been called yet; `socket` is connected. */
  constructor(parts: Ssh2ConnectionParts) {
    const { client, socket, config, logger } = parts;
    super(parts, (events) => new Ssh2Wire(socket, events));
    this.#parts = parts;
    this.#agent = new AgentForwarding(config, parts.agentSockets, logger);
    this.#requests = new GlobalRequests((bytes, sent) => this.wire.send(bytes, sent));
    this.#forwards = new RemoteForwards(this.#requests, logger);
    this.#announcements = new HostKeyAnnouncements(parts.hostKeys, this.#requests);
    this.relay = new Relay({
      ...{ wire: this.wire, requests: this.#requests },
      forwardAgent: () => (config.forwardAgent ? this.#agent.beginIfPossible() : undefined),
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
  }

  /** Call it right after `client.connect`. @throws ConnectError when ssh2's internals have changed. */
  takeOver(login: (payload: Buffer) => void): Pick<PacketWriter, "send" | "sessionId" | "binding"> {
    const { client, socket, config, logger, clock } = this.#parts;
    const writer = takeOver(
      client,
      {
        receive: (bytes) => this.receive(bytes),
        tooEarly: () =>
          this.violated(
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
        hold: (on) => this.wire.holdReading(on),
        unimplemented: (sequence) => this.#requests.unimplemented(sequence),
        exchanged: () => this.drained(),
      },
    );
    // ssh2 has paused the socket until it listens itself: nothing is lost, and this listener comes first.
    socket.prependListener("data", (data: Uint8Array) => this.#onData(data));
    this.wire.writer = writer;
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

  /** SSH_MSG_DISCONNECT (RFC 4253 section 11.1), if the server sent one. Untrusted. */
  get disconnectMessage(): { readonly code: number; readonly description: string } | undefined {
    return this.#disconnect;
  }

  override async openSession(spec: SessionSpec, signal: AbortSignal): Promise<EngineChannel> {
    const forwardAgent = spec.forwardAgent === true && this.#agent.isPossible;
    try {
      return await this.startSession(spec, forwardAgent, signal, (channel) => {
        this.#hasSession = true;
        if (forwardAgent) {
          const forwarding = this.#agent.begin();
          channel.onDidClose(() => forwarding.dispose());
        }
      });
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

  listen(at: ForwardAddress, handler: ForwardedHandler, signal: AbortSignal): Promise<RemoteListener> {
    return this.#forwards.listen(at, handler, signal);
  }

  ping(signal: AbortSignal): Promise<number> {
    return this.#requests.keepalive(signal);
  }

  override setTcpKeepAlive(on: boolean): void {
    const { socket } = this.#parts;
    if (socket instanceof Socket) {
      socket.setKeepAlive(on);
    }
  }

  override rekey(): void {
    this.wire.writer?.rekey();
  }

  close(): void {
    if (this.ended || this.closing) {
      return;
    }
    this.closing = this.#parts.clock.setTimeout(() => this.destroy(), closeWait);
    this.#parts.client.end();
  }

  protected override get unacknowledged(): number {
    return this.table.unacknowledged + this.relay.unacknowledged;
  }

  protected override receive(message: Buffer): void {
    if (!this.relay.receive(message)) {
      super.receive(message);
    }
  }

  protected override drained(): void {
    super.drained();
    this.relay.resumeSending();
  }

  #onData(data: Uint8Array): void {
    this.received(data.length);
    if (this.#info !== undefined && !this.#hasSession && this.table.isOpening) {
      const before = this.bytesOut;
      setImmediate(guarded(() => this.#acknowledge(before)));
    }
  }

  /**
   * sshd disables Nagle's algorithm only when a session starts. Before, it announces its host keys and sends debug
   * messages. Its reply to our first channel then waits until we acknowledge those, which the kernel delays by 40 ms
   * unless we send something. So we send a message, unless this turn has sent another one.
   * @param before the number of bytes that had been sent when the data came
   */
  #acknowledge(before: number): void {
    if (this.table.isOpening && this.bytesOut === before) {
      this.wire.send(ignore);
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
  protected override violated(error: ProtocolError): void {
    if (!this.ended) {
      this.wire.send(protocolErrorMessage(error.message));
    }
    super.violated(error);
  }

  #finish(reason: ConnectionEndReason, error?: Error): void {
    const said = this.#disconnect?.description ?? "";
    this.finish({ reason, ...(error !== undefined && { error }), ...(said.trim() !== "" && { said }) });
  }

  protected detach(): void {
    this.wire.end();
    this.#parts.socket.destroy();
    this.#announcements.end();
  }

  protected override channelsEnded(): void {
    this.relay.end();
    this.#agent.dispose();
    this.#requests.end();
  }

  protected accept(type: string, body: WireReader): Acceptance {
    return type === agentChannelType ? this.#agent.accept() : this.#forwards.accept(type, body);
  }

  protected override globalReply(accepted: boolean, body: WireReader): void {
    this.#requests.receive(accepted, body);
  }

  protected override announced(name: string, body: WireReader): void {
    this.#announcements.receive(name, body, this.wire.writer?.sessionId() ?? Buffer.alloc(0));
  }
}
