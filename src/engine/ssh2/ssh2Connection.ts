import { Socket } from "node:net";
import { performance } from "node:perf_hooks";
import type { Duplex } from "node:stream";
import type { Client } from "ssh2";
import type { Clock } from "../../base/clock.ts";
import type { Disposable } from "../../base/disposable.ts";
import { Emitter } from "../../base/emitter.ts";
import { type Logger, printable } from "../../base/log.ts";
import type { HostConfig } from "../../config/hostConfig.ts";
import { agentToForward, joinAgent } from "../channels/agentForwarding.ts";
import type { Ssh2Channel } from "../channels/channel.ts";
import { encode, encodeDirectTcpip, message, sshString } from "../channels/channelMessages.ts";
import { ChannelStream } from "../channels/channelStream.ts";
import { ChannelTable, connectionEnded } from "../channels/channelTable.ts";
import { startSession } from "../channels/sessionRequests.ts";
import type {
  ConnectionEnd,
  ConnectionEndReason,
  ConnectionInfo,
  EngineCapabilities,
  EngineChannel,
  EngineConnection,
  SessionSpec,
} from "../connectionEngine.ts";
import { ServerGreeting } from "../transport/serverGreeting.ts";
import { type LoginHandlers, takeOver, type Wire } from "./ssh2Internals.ts";

/** Receive windows in bytes: how much can still come after `pause`, and what bounds the speed at a given distance. */
export interface WindowSizes {
  /** Small, so that Ctrl+C is seen soon: 256 KiB carries 2.5 MB/s at 100 ms, more than a terminal can show. */
  readonly pty: number;
  readonly other: number;
}

/** Above this many bytes that the socket did not take yet, channels wait: a keystroke must not queue behind an upload. */
const socketMark = 128 * 1024;

/** How long an orderly `close` waits for the peer. */
const closeWait = 2_000;

/** RFC 4253 section 11.2 */
const ignore = encode(message.ignore, sshString(""));

const keepalive = encode(message.globalRequest, sshString("keepalive@openssh.com"), Buffer.of(1));

interface Parts {
  readonly client: Client;
  readonly socket: Duplex;
  readonly config: HostConfig;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly windows: WindowSizes;
}

/** One connection: from its first byte on (the login runs on it), until `onDidClose`. Owns the socket. */
export class Ssh2Connection implements EngineConnection {
  readonly capabilities: EngineCapabilities = {
    signal: true,
    break: true,
    rekey: true,
    directTcpip: true,
    agentForwarding: true,
  };
  /** What the server says in clear, for errors and for its version. */
  readonly greeting = new ServerGreeting();
  readonly #parts: Parts;
  readonly #table: ChannelTable;
  readonly #closed = new Emitter<ConnectionEnd>();
  readonly onDidClose = this.#closed.event;
  #wire: Wire | undefined;
  #info: ConnectionInfo | undefined;
  #ended: ConnectionEnd | undefined;
  #disconnect: { readonly code: number; readonly description: string } | undefined;
  #closing: Disposable | undefined;
  #hasSession = false;
  #lastReceived = performance.now();
  #bytesIn = 0;
  #bytesOut = 0;
  /** Global requests on the way, oldest first: answers come in order (RFC 4254 section 4). */
  #pings: (() => void)[] = [];
  #pingRejects = new Set<(error: unknown) => void>();
  #forwardedAgent: string | undefined;

  /** @param parts `client.connect` has not been called yet; `socket` is connected. */
  constructor(parts: Parts) {
    this.#parts = parts;
    const { client, socket } = parts;
    this.#table = new ChannelTable({
      wire: () => this.#wire ?? noWire,
      get congested() {
        // Only a stream that has said so once will say when it is over.
        return socket.writableNeedDrain && socket.writableLength > socketMark;
      },
      violated: (text) => this.#finish("protocol", new Error(text)),
      accept: (type) => this.#accept(type),
      globalReply: () => this.#pings.shift()?.(),
    });
    client.on("error", (error: Error & { level?: string }) => this.#onError(error));
    client.on("end", () => this.#finish("disconnected"));
    client.on("close", () => this.#finish("disconnected"));
    socket.on("drain", () => this.#table.resumeSending());
    this.#bundleWrites();
  }

  /** To be called right after `client.connect`. @throws ConnectError when ssh2 has changed inside. */
  takeOver(login: Omit<LoginHandlers, "disconnect">): void {
    const { client, socket } = this.#parts;
    this.#wire = takeOver(client, this.#table, {
      ...login,
      disconnect: (code, description) => this.#onDisconnect(code, description),
    });
    // ssh2 has paused the socket until it listens itself: nothing is lost, and this comes first.
    socket.prependListener("data", (data: Uint8Array) => this.#onData(data));
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

  /** SSH_MSG_DISCONNECT (RFC 4253 section 11.1), when the server sent one. Untrusted. */
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
    const { windows, logger } = this.#parts;
    const window = spec.pty === undefined ? windows.other : windows.pty;
    const agent = spec.forwardAgent ? this.#agent() : undefined;
    const channel = await this.#table.open("session", window, Buffer.alloc(0), signal);
    this.#hasSession = true;
    await startSession(channel, spec, agent !== undefined, logger, signal);
    return channel;
  }

  async openDirectTcpip(host: string, port: number, signal: AbortSignal): Promise<Duplex> {
    const target = encodeDirectTcpip(host, port);
    return new ChannelStream(
      await this.#table.open("direct-tcpip", this.#parts.windows.other, target, signal),
    );
  }

  ping(signal: AbortSignal): Promise<number> {
    return new Promise((resolve, reject) => {
      if (signal.aborted || this.#ended) {
        reject(signal.aborted ? signal.reason : connectionEnded());
        return;
      }
      const sent = performance.now();
      const settle = (act: () => void): void => {
        signal.removeEventListener("abort", onAbort);
        this.#pingRejects.delete(onEnd);
        act();
      };
      const onAbort = (): void => settle(() => reject(signal.reason));
      const onEnd = (error: unknown): void => settle(() => reject(error));
      signal.addEventListener("abort", onAbort, { once: true });
      this.#pingRejects.add(onEnd);
      // Stays in the list when aborted: its answer may still come, and is not the next one's.
      this.#pings.push(() => settle(() => resolve(performance.now() - sent)));
      this.#wire?.send(keepalive);
    });
  }

  setTcpKeepAlive(on: boolean): void {
    const { socket } = this.#parts;
    if (socket instanceof Socket) {
      socket.setKeepAlive(on);
    }
  }

  rekey(): void {
    this.#wire?.rekey();
  }

  close(): void {
    if (this.#ended || this.#closing) {
      return;
    }
    this.#closing = this.#parts.clock.setTimeout(() => this.destroy(), closeWait);
    this.#parts.client.end();
  }

  destroy(): void {
    if (this.#ended) {
      return;
    }
    this.#finish("closed");
  }

  #onData(data: Uint8Array): void {
    this.#lastReceived = performance.now();
    this.#bytesIn += data.length;
    if (this.#info === undefined) {
      this.greeting.add(data);
      if (this.greeting.isOtherProtocol) {
        this.#finish("protocol", new Error("The server doesn't speak SSH"));
      }
    } else if (!this.#hasSession && this.#table.isOpening) {
      setImmediate(() => this.#acknowledge());
    }
  }

  /**
   * sshd turns Nagle's algorithm off only when a session starts. Before, it announces its host keys and sends debug
   * messages; the answer to our first channel then waits until we acknowledge those, which the kernel puts off for
   * 40 ms where nothing is to be sent. So something is.
   */
  #acknowledge(): void {
    if (this.#table.isOpening) {
      this.#wire?.send(ignore);
    }
  }

  #onError(error: Error & { level?: string }): void {
    switch (error.level) {
      // One attempt to log in failed (a key could not sign); the next one follows.
      case "agent":
      case "client-authentication":
        this.#parts.logger.debug(`Login attempt: ${printable(error.message)}`);
        break;
      case "client-socket":
        this.#finish("lost", error);
        break;
      default:
        this.#finish("protocol", error);
    }
  }

  #onDisconnect(code: number, description: string): void {
    this.#disconnect = { code, description };
    const text = `The server disconnected (code ${code}): ${printable(description)}`;
    this.#finish(protocolCodes.has(code) ? "protocol" : "disconnected", new Error(text));
  }

  #finish(reason: ConnectionEndReason, error?: Error): void {
    if (this.#ended) {
      return;
    }
    // What comes in answer to our own farewell is no news.
    this.#ended = this.#closing ? { reason: "closed" } : { reason, ...(error !== undefined && { error }) };
    this.#closing?.dispose();
    this.#parts.socket.uncork();
    this.#parts.socket.destroy();
    this.#table.end();
    for (const reject of [...this.#pingRejects]) {
      reject(connectionEnded());
    }
    this.#pings = [];
    this.#closed.fire(this.#ended);
    this.#closed.dispose();
  }

  #agent(): string | undefined {
    this.#forwardedAgent ??= agentToForward(this.#parts.config);
    return this.#forwardedAgent;
  }

  /** Agent forwarding holds for the whole connection once a session has asked for it; so does the server see it. */
  async #accept(type: string): Promise<((channel: Ssh2Channel) => void) | undefined> {
    if (type !== "auth-agent@openssh.com" || this.#forwardedAgent === undefined) {
      return undefined;
    }
    return joinAgent(this.#forwardedAgent).catch((error: unknown) => {
      this.#parts.logger.warn(`The agent to be forwarded doesn't answer: ${printable(String(error))}`);
      return undefined;
    });
  }

  /**
   * Counts what is written, and hands it on once per turn: ssh2 writes a packet in three pieces, each of which would
   * be a TCP segment of its own, and wake the server.
   */
  #bundleWrites(): void {
    const { socket } = this.#parts;
    const write = socket.write.bind(socket) as (...values: unknown[]) => boolean;
    socket.write = (...values: unknown[]): boolean => {
      this.#bytesOut += values[0] instanceof Uint8Array ? values[0].length : 0;
      if (socket.writableCorked === 0) {
        socket.cork();
        process.nextTick(() => socket.uncork());
      }
      return write(...values);
    };
  }
}

/** RFC 4253 section 11.1: PROTOCOL_ERROR, KEY_EXCHANGE_FAILED, MAC_ERROR, COMPRESSION_ERROR. */
const protocolCodes: ReadonlySet<number> = new Set([2, 3, 5, 6]);

/** Before ssh2 has started. */
const noWire: Wire = { send() {}, sendData() {}, rekey() {} };
