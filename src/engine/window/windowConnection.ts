import type { Socket } from "node:net";
import { performance } from "node:perf_hooks";
import type { Duplex } from "node:stream";
import type { Clock } from "../../base/clock.ts";
import { Emitter } from "../../base/emitter.ts";
import { guarded } from "../../base/guarded.ts";
import type { Logger } from "../../base/log.ts";
import type { WireReader } from "../../base/wire.ts";
import type { UsePolicy } from "../../config/connectionPolicy.ts";
import { ChannelStream } from "../channels/channelStream.ts";
import { ChannelTable } from "../channels/channelTable.ts";
import { GlobalRequests } from "../channels/globalRequests.ts";
import { encodeDirectStreamlocal, encodeDirectTcpip, openFailureCode } from "../channels/messages.ts";
import type { Acceptance } from "../channels/peerOpens.ts";
import { forwardedTypes, RemoteForwards } from "../channels/remoteForwards.ts";
import { prepareSession, startSession } from "../channels/sessionRequests.ts";
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
  WindowName,
} from "../connectionEngine.ts";
import type { ConnectionInfo } from "../connectionInfo.ts";
import { ChannelError } from "../engineErrors.ts";
import { largestMessage } from "../largestMessage.ts";
import type { MuxFrames } from "../mux/muxFrames.ts";
import { encodeNote, noteType } from "../mux/windowProtocol.ts";
import { ProxyWire } from "../openssh/proxyWire.ts";
import { OutgoingBacklog } from "../outgoingBacklog.ts";
import { OwnerWatch } from "./ownerWatch.ts";

/** As in the ssh2 engine. */
const windows = { pty: 256 * 1024, other: 2 * 1024 * 1024 };

export interface WindowConnectionParts {
  /** In the proxy phase, paused; owned by the connection from now on. */
  readonly socket: Socket;
  readonly frames: MuxFrames;
  readonly info: ConnectionInfo;
  readonly owner: WindowName;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Our channels on a connection that another window holds. It ends with that window; ending it ends only our channels. */
export class WindowConnection implements EngineConnection {
  readonly capabilities: EngineCapabilities = { rekey: false };
  readonly info: ConnectionInfo;
  readonly heldBy: WindowName;
  readonly #parts: WindowConnectionParts;
  readonly #wire: ProxyWire;
  readonly #table: ChannelTable;
  readonly #requests: GlobalRequests;
  readonly #forwards: RemoteForwards;
  readonly #watch: OwnerWatch;
  readonly #closed = new Emitter<ConnectionEnd>();
  readonly onDidClose = this.#closed.event;
  readonly #backlog = new OutgoingBacklog();
  #ended: ConnectionEnd | undefined;
  #lastReceived = performance.now();
  #bytesIn = 0;
  #bytesOut = 0;

  constructor(parts: WindowConnectionParts) {
    this.#parts = parts;
    this.info = parts.info;
    this.heldBy = parts.owner;
    const { socket, logger, clock } = parts;
    this.#wire = new ProxyWire(socket, parts.frames, {
      receive: (message) => this.#onMessage(message),
      received: (bytes) => {
        this.#watch.heard();
        this.#bytesIn += bytes;
      },
      sent: (bytes) => {
        this.#bytesOut += bytes;
        this.#backlog.sent(bytes, performance.now());
      },
      drained: () => this.#table.resumeSending(),
      malformed: (what) => this.#violated(new Error(`The other window sent ${what}`)),
    });
    this.#requests = new GlobalRequests((bytes) => this.#wire.send(bytes));
    this.#forwards = new RemoteForwards(this.#requests, logger);
    this.#table = new ChannelTable({
      wire: this.#wire,
      logger,
      violated: (error) => this.#violated(error),
      accept: (type, body) => this.#accept(type, body),
      globalReply: (accepted, body) => this.#requests.receive(accepted, body),
    });
    this.#watch = new OwnerWatch(
      clock,
      () => socket.isPaused(),
      () => {
        logger.warn("The window that holds the connection does not answer");
        this.#finish({ reason: "lost" });
      },
    );
    socket.on("error", () => {});
    socket.on(
      "end",
      guarded(() => this.#finish({ reason: "lost" })),
    );
    socket.on(
      "close",
      guarded(() => this.#finish({ reason: "lost" })),
    );
    this.#wire.start();
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
    return this.#backlog.delay(performance.now(), this.#table.unacknowledged + this.#wire.waiting);
  }

  async openSession(spec: SessionSpec, signal: AbortSignal): Promise<EngineChannel> {
    // The window that holds the connection forwards its agent, which is that of this user, too.
    const session = prepareSession(spec, spec.forwardAgent === true, largestMessage(this.info.serverVersion));
    const window = spec.pty === undefined ? windows.other : windows.pty;
    const channel = await this.#table.open("session", window, Buffer.alloc(0), signal);
    await startSession(channel, session, this.#parts.clock, signal);
    return channel;
  }

  async openDirectTcpip(target: Endpoint, originator: Endpoint, signal: AbortSignal): Promise<Duplex> {
    const payload = encodeDirectTcpip(target, originator);
    return new ChannelStream(await this.#table.open("direct-tcpip", windows.other, payload, signal));
  }

  async openForward(
    target: ForwardAddress,
    originator: Endpoint,
    signal: AbortSignal,
  ): Promise<EngineChannel> {
    return target.type === "tcp"
      ? await this.#table.open("direct-tcpip", windows.other, encodeDirectTcpip(target, originator), signal)
      : await this.#table.open(
          "direct-streamlocal@openssh.com",
          windows.other,
          encodeDirectStreamlocal(target.path),
          signal,
        );
  }

  listen(at: ForwardAddress, handler: ForwardedHandler, signal: AbortSignal): Promise<RemoteListener> {
    return this.#forwards.listen(at, handler, signal);
  }

  /** As far as the server, through the window that holds the connection. */
  ping(signal: AbortSignal): Promise<number> {
    const sent = performance.now();
    return this.#requests.request(
      "keepalive@openssh.com",
      Buffer.alloc(0),
      signal,
      () => performance.now() - sent,
    );
  }

  async probeChannel(signal: AbortSignal): Promise<number> {
    const sent = performance.now();
    try {
      (await this.#table.open("session", 0, Buffer.alloc(0), signal)).close();
    } catch (error) {
      if (!(ChannelError.is(error) && error.reason === "refused")) {
        throw error;
      }
    }
    return performance.now() - sent;
  }

  /** The other window keeps the connection as we want it, too, and for as long as we use it. */
  noteUse(inUse: boolean, policy: UsePolicy): void {
    this.#wire.send(encodeNote({ kind: "use", inUse, policy }));
  }

  /** The socket of the connection is the other window's, which knows our policy. */
  setTcpKeepAlive(): void {}

  rekey(): void {}

  /** What was written before is still sent. */
  close(): void {
    if (!this.#ended) {
      this.#parts.socket.end();
      this.#finish({ reason: "closed" }, false);
    }
  }

  destroy(): void {
    this.#finish({ reason: "closed" });
  }

  #onMessage(message: Buffer): void {
    if (message[0] !== noteType) {
      // Only the server's messages prove that the server is alive.
      this.#lastReceived = performance.now();
      this.#table.receive(message);
    }
  }

  #violated(error: Error): void {
    if (!this.#ended) {
      this.#parts.logger.warn(`The server broke the SSH protocol: ${error.message}`);
      this.#finish({ reason: "protocol", error });
    }
  }

  #finish(end: ConnectionEnd, destroys = true): void {
    if (this.#ended) {
      return;
    }
    this.#ended = end;
    this.#watch.dispose();
    this.#wire.end();
    if (destroys) {
      this.#parts.socket.destroy();
    }
    this.#table.end();
    this.#requests.end();
    this.#closed.fire(end);
    this.#closed.dispose();
  }

  #accept(type: string, body: WireReader): Acceptance {
    return forwardedTypes.has(type)
      ? this.#forwards.accept(type, body)
      : openFailureCode.administrativelyProhibited;
  }
}
