import { PassThrough } from "node:stream";
import type { Clock } from "../../src/base/clock.ts";
import { raceSignal } from "../../src/base/deadline.ts";
import { Emitter } from "../../src/base/emitter.ts";
import type { KeepalivePolicy } from "../../src/config/hostConfig.ts";
import type {
  ChannelDetails,
  ChannelExit,
  ConnectionEnd,
  ConnectionEngine,
  ConnectRequest,
  Dimensions,
  Endpoint,
  EngineChannel,
  EngineConnection,
  ForwardAddress,
  ForwardedHandler,
  OutputKind,
  RemoteListener,
  SessionSpec,
} from "../../src/engine/connectionEngine.ts";
import { ChannelError } from "../../src/engine/engineErrors.ts";

export function keepalive(interval: number, countMax: number): KeepalivePolicy {
  const source = { kind: "default" } as const;
  return {
    serverAliveInterval: interval,
    serverAliveCountMax: countMax,
    tcpKeepAlive: true,
    sources: { serverAliveInterval: source, serverAliveCountMax: source, tcpKeepAlive: source },
  };
}

/** A channel controlled by the test. */
export class FakeChannel implements EngineChannel {
  readonly spec: SessionSpec;
  readonly received = new Emitter<{ kind: OutputKind; data: Uint8Array }>();
  readonly closed = new Emitter<{ exit: ChannelExit; lost: boolean }>();
  readonly drained = new Emitter<void>();
  readonly log: string[] = [];
  readonly onDidReceive = this.received.event;
  readonly onDidReceiveEof = new Emitter<void>().event;
  readonly onDidClose = this.closed.event;
  readonly onDidDrain = this.drained.event;
  queuedBytes = 0;
  ptyRefused = false;
  written = Buffer.alloc(0);
  #open = true;

  constructor(spec: SessionSpec) {
    this.spec = spec;
  }

  pause(): void {
    this.log.push("pause");
  }
  resume(): void {
    this.log.push("resume");
  }
  write(data: Uint8Array): boolean {
    this.written = Buffer.concat([this.written, data]);
    return this.queuedBytes === 0;
  }
  eof(): void {
    this.log.push("eof");
  }
  resize({ columns, rows }: Dimensions): void {
    this.log.push(`resize ${columns}x${rows}`);
  }
  signal(name: string): void {
    this.log.push(`signal ${name}`);
  }
  sendBreak(): boolean {
    return false;
  }
  close(): void {
    this.log.push("close");
  }
  details(): ChannelDetails {
    return {
      type: "session",
      bytesIn: 0,
      bytesOut: this.written.length,
      eofSent: this.log.includes("eof"),
      eofReceived: false,
      closeSent: this.log.includes("close"),
      closeReceived: !this.#open,
      requests: [],
    };
  }

  /** The server's end of it. */
  end(exit: ChannelExit, lost = false): void {
    if (this.#open) {
      this.#open = false;
      this.closed.fire({ exit, lost });
    }
  }
}

/** A connection controlled by the test. */
export class FakeConnection implements EngineConnection {
  readonly info = {
    serverVersion: "Fake_1.0",
    authMethod: "none",
    algorithms: { kex: "fake-kex", hostKey: "fake-key", cipher: "fake-cipher" },
  };
  readonly capabilities = { rekey: false };
  readonly closed = new Emitter<ConnectionEnd>();
  readonly onDidClose = this.closed.event;
  readonly channels: FakeChannel[] = [];
  readonly clock: Clock;
  lastReceived: number;
  bytesIn = 0;
  bytesOut = 0;
  ended: ConnectionEnd | undefined;
  tcpKeepAlive: boolean | undefined;
  /** Whether the peer answers probes and opens at once. */
  answers = true;
  /** Refuses further channels, as MaxSessions does. */
  maxSessions = Number.POSITIVE_INFINITY;
  pings = 0;
  /** Whether it answers probes at all. */
  answersPings = true;
  answersChannelProbes = true;
  channelProbes = 0;
  /** Our own data before a message that is sent now, in milliseconds. */
  sendDelay = 0;
  /** Ends when a session is to be opened. */
  dropsSessions = false;
  /** The next open fails with it. */
  openFailure: Error | undefined;
  /** The round trip that a reply reports, in milliseconds. */
  roundTrip = 7;
  /** Replies to probes wait until `releasePings`. */
  holdPings = false;
  readonly #heldPings: (() => void)[] = [];
  /** Opens wait until `releaseOpens`, in their order. */
  holdOpens = false;
  readonly #waiting: (() => void)[] = [];

  constructor(clock: Clock) {
    this.clock = clock;
    this.lastReceived = clock.monotonic();
  }

  receive(): void {
    this.lastReceived = this.clock.monotonic();
  }

  async openSession(spec: SessionSpec, signal: AbortSignal): Promise<FakeChannel> {
    if (this.holdOpens) {
      await raceSignal(new Promise<void>((resolve) => this.#waiting.push(resolve)), signal);
    }
    if (signal.aborted) {
      throw signal.reason;
    }
    const failure = this.openFailure;
    this.openFailure = undefined;
    if (failure !== undefined) {
      throw failure;
    }
    if (this.dropsSessions) {
      this.end({ reason: "lost" });
    }
    if (this.ended !== undefined) {
      throw new ChannelError("connection-ended", "ended");
    }
    if (!this.answers) {
      return new Promise((_, reject) =>
        signal.addEventListener("abort", () => reject(signal.reason), { once: true }),
      );
    }
    this.receive();
    const open = this.channels.filter((channel) => !channel.details().closeReceived).length;
    if (open >= this.maxSessions) {
      return Promise.reject(new ChannelError("refused", "no room", { code: 1 }));
    }
    const channel = new FakeChannel(spec);
    this.channels.push(channel);
    return Promise.resolve(channel);
  }

  releasePings(): void {
    this.holdPings = false;
    for (const answer of this.#heldPings.splice(0)) {
      answer();
    }
  }

  releaseOpens(): void {
    this.holdOpens = false;
    for (const resolve of this.#waiting.splice(0)) {
      resolve();
    }
  }

  openDirectTcpip(_target: Endpoint, _originator: Endpoint, signal: AbortSignal): Promise<PassThrough> {
    if (!this.answers) {
      return new Promise((_, reject) =>
        signal.addEventListener("abort", () => reject(signal.reason), { once: true }),
      );
    }
    this.receive();
    return Promise.resolve(new PassThrough());
  }

  /** The `listen` requests, with their handlers. */
  readonly listeners: { at: ForwardAddress; handler: ForwardedHandler; disposed: boolean }[] = [];
  /** The next `listen` fails with it. */
  listenFailure: Error | undefined;

  async openForward(
    _target: ForwardAddress,
    _originator: Endpoint,
    signal: AbortSignal,
  ): Promise<EngineChannel> {
    return await this.openSession({ request: { type: "shell" }, env: {} }, signal);
  }

  listen(at: ForwardAddress, handler: ForwardedHandler): Promise<RemoteListener> {
    if (this.listenFailure !== undefined) {
      return Promise.reject(this.listenFailure);
    }
    const listener = { at, handler, disposed: false };
    this.listeners.push(listener);
    return Promise.resolve({
      ...(at.type === "tcp" && { port: at.port === 0 ? 40_000 : at.port }),
      dispose: () => {
        listener.disposed = true;
      },
    });
  }

  ping(signal: AbortSignal): Promise<number> {
    this.pings++;
    if (this.holdPings) {
      return new Promise((resolve) =>
        this.#heldPings.push(() => {
          this.receive();
          resolve(this.roundTrip);
        }),
      );
    }
    if (this.answers && this.answersPings) {
      this.receive();
      return Promise.resolve(this.roundTrip);
    }
    return new Promise((_, reject) =>
      signal.addEventListener("abort", () => reject(signal.reason), { once: true }),
    );
  }

  probeChannel(signal: AbortSignal): Promise<number> {
    this.channelProbes++;
    if (this.answers && this.answersChannelProbes) {
      this.receive();
      return Promise.resolve(this.roundTrip);
    }
    return new Promise((_, reject) =>
      signal.addEventListener("abort", () => reject(signal.reason), { once: true }),
    );
  }

  setTcpKeepAlive(on: boolean): void {
    this.tcpKeepAlive = on;
  }
  rekey(): void {}
  close(): void {
    this.end({ reason: "closed" });
  }
  destroy(): void {
    this.end({ reason: "closed" });
  }

  end(end: ConnectionEnd): void {
    if (this.ended !== undefined) {
      return;
    }
    this.ended = end;
    for (const channel of this.channels) {
      channel.end({}, true);
    }
    this.closed.fire(end);
  }
}

/** An engine whose connections open at once, or when `release` is called, or fail with `failure`. */
export class FakeEngine implements ConnectionEngine {
  readonly name: string;
  readonly transport: "given" | "own";
  readonly connections: FakeConnection[] = [];
  readonly requests: ConnectRequest[] = [];
  failure: Error | undefined;
  hold = false;
  maxSessions = Number.POSITIVE_INFINITY;
  answersPings = true;
  /** Every connection ends when a session is to be opened on it. */
  dropsSessions = false;
  readonly #clock: Clock;
  readonly #waiting: (() => void)[] = [];

  constructor(clock: Clock, name = "fake", transport: "given" | "own" = "given") {
    this.#clock = clock;
    this.name = name;
    this.transport = transport;
  }

  async connect(request: ConnectRequest, signal: AbortSignal): Promise<FakeConnection> {
    this.requests.push(request);
    if (this.hold) {
      await new Promise<void>((resolve, reject) => {
        this.#waiting.push(resolve);
        signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      });
    }
    if (this.failure !== undefined) {
      throw this.failure;
    }
    const connection = new FakeConnection(this.#clock);
    connection.maxSessions = this.maxSessions;
    connection.answersPings = this.answersPings;
    connection.dropsSessions = this.dropsSessions;
    this.connections.push(connection);
    return connection;
  }

  release(): void {
    for (const resolve of this.#waiting.splice(0)) {
      resolve();
    }
  }

  /** The only connection, or the one with this index. */
  connection(index = 0): FakeConnection {
    const connection = this.connections[index];
    if (connection === undefined) {
      throw new Error(`no connection ${index}`);
    }
    return connection;
  }
}
