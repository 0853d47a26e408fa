import type { Duplex } from "node:stream";
import type { Clock } from "../base/clock.ts";
import { Deadline, raceSignal } from "../base/deadline.ts";
import { type Disposable, DisposableStore, toDisposable } from "../base/disposable.ts";
import { Emitter } from "../base/emitter.ts";
import { asError, CancelledError } from "../base/errors.ts";
import { LeaseCounter } from "../base/lease.ts";
import { type Logger, prefixed, printable } from "../base/log.ts";
import type { SettingsFolder } from "../config/configPorts.ts";
import type { ConnectionPolicy, ConnectionUse } from "../config/connectionPolicy.ts";
import type { HostConfig } from "../config/hostConfig.ts";
import { typedHost } from "../config/hostSpec.ts";
import type {
  ConnectionEnd,
  ConnectionEngine,
  Endpoint,
  EngineChannel,
  EngineConnection,
  LoginWait,
  SessionSpec,
} from "../engine/connectionEngine.ts";
import { ConnectError } from "../engine/engineErrors.ts";
import { ChannelOpener } from "./channelOpener.ts";
import { ChannelRoom } from "./channelRoom.ts";
import { type Health, Heartbeat } from "./heartbeat.ts";
import { jumpFailure } from "./jumpFailure.ts";
import type { LoginFactory, MasterPolicies } from "./masterPorts.ts";
import {
  isLoss,
  type LoginNews,
  type MasterCore,
  type MasterEndReason,
  type MasterState,
  type MasterStateKind,
} from "./masterTypes.ts";
import { MasterUses } from "./masterUses.ts";
import { couldBeAsked } from "./unattended.ts";

/** Seconds for a connection or a channel where ssh_config sets no ConnectTimeout. */
export const defaultOpenTimeout = 30;

/** Milliseconds that an unattended login waits for a server that says nothing, and for a ProxyCommand. */
const unattendedSilence = 60_000;
const unattendedProxy = 120_000;

/** An urgent probe is answered within this many milliseconds, or the peer counts as hung. */
const urgentProbeDeadline = 1250;

/** How long a connection may take to say goodbye before its socket is destroyed, in milliseconds. */
const closeDeadline = 3000;

const roundTripsKept = 60;

const acceptingStates: ReadonlySet<MasterStateKind> = new Set([
  "connecting",
  "ready",
  "lingering",
  "suspect",
]);

export interface Transport {
  readonly stream: Duplex;
  /** Given back when the master ends: the lease of the jump host's master. */
  readonly hold: Disposable;
}

export interface MasterInit {
  readonly id: string;
  readonly key: string;
  readonly config: HostConfig;
  /** Whose settings count until a session says so. */
  readonly folder: SettingsFolder | undefined;
  readonly overflow: boolean;
  /** How many channels another master to the same destination could have. Undefined: not known. */
  readonly channelLimit: number | undefined;
  readonly allowPrompts: boolean;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly engine: ConnectionEngine;
  readonly login: LoginFactory;
  readonly policies: MasterPolicies;
  /** Makes the way to the host where it is not a plain socket: a jump host's channel or a ProxyCommand. */
  readonly transport?: (
    signal: AbortSignal,
    onLost: () => void,
    onNews: (news: LoginNews) => void,
  ) => Promise<Transport>;
}

/**
 * One authenticated connection to one destination, carrying many channels. It connects as soon as it is made,
 * lives while it is leased, lingers, and ends exactly once. Owned by MasterRegistry.
 */
export class Master implements Disposable {
  readonly id: string;
  readonly key: string;
  readonly config: HostConfig;

  readonly #init: MasterInit;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #leases: LeaseCounter;
  readonly #changed = new Emitter<void>();
  readonly #news = new Emitter<LoginNews>();
  /** What was said during the login; bounded by the engine. */
  #said: LoginNews[] = [];
  readonly #resources = new DisposableStore();
  readonly #room: ChannelRoom;
  readonly #opener: ChannelOpener;
  readonly #abort = new AbortController();
  readonly #ready: Promise<EngineConnection>;
  readonly #endedPromise: Promise<void>;
  #resolveEnded: () => void = () => {};
  #connection: EngineConnection | undefined;
  #heartbeat: Heartbeat | undefined;
  #health: Health = { kind: "alive" };
  /** With what ssh_config says now; `config` is what the connection was made with. */
  readonly #uses: MasterUses;
  #policy: ConnectionPolicy;
  #state: MasterState;
  #since: number;
  #roundTrips: readonly number[] = [];
  #endReason: MasterEndReason | undefined;
  #probesIgnored = false;
  #overflow: boolean;

  /** Any part of the snapshot changed. */
  readonly onDidChange = this.#changed.event;

  constructor(init: MasterInit) {
    this.#init = init;
    this.id = init.id;
    this.key = init.key;
    this.config = init.config;
    this.#overflow = init.overflow;
    this.#room = new ChannelRoom(init.channelLimit);
    this.#opener = new ChannelOpener({
      clock: init.clock,
      // ConnectTimeout is about the connection (ssh_config(5)); who wants longer ones there has a slow server.
      silenceLimit: Math.max(defaultOpenTimeout * 1000, openTimeLimit(init.config)),
      ready: (signal) => this.ready(signal),
      probe: (patience) => this.probe(patience),
      onReply: (asked) => this.#heartbeat?.noteReply(asked),
    });
    this.#clock = init.clock;
    this.#logger = prefixed(init.logger, `${init.id} ${init.config.alias}`);
    this.#uses = new MasterUses({ config: init.config, folder: init.folder });
    this.#policy = init.policies(this.#uses.current);
    this.#since = init.clock.now();
    this.#state = { kind: "connecting", since: this.#since, phase: "tcp" };
    this.#leases = new LeaseCounter(
      init.clock,
      this.#lingerMilliseconds(),
      () => this.#onLeases(),
      () => this.#finish("linger-over"),
    );
    this.#endedPromise = new Promise((resolve) => {
      this.#resolveEnded = resolve;
    });
    this.#ready = this.#connect();
    // Each waiter gets the rejection through `ready`; none of them may be there.
    this.#ready.catch(() => {});
  }

  get state(): MasterState {
    return this.#state;
  }

  get connection(): EngineConnection | undefined {
    return this.#connection;
  }

  /** Resolves once the connection is gone, with the reason set. */
  get ended(): Promise<void> {
    return this.#endedPromise;
  }

  get endReason(): MasterEndReason | undefined {
    return this.#endReason;
  }

  /** One that came because another is full: it leaves as soon as it is empty. */
  get overflow(): boolean {
    return this.#overflow;
  }

  /** May a new session be put on it? A full one, or one that is being given up or has been found hung, may not. */
  get acceptsSessions(): boolean {
    return !this.isFull && this.isUsable;
  }

  /** As far as is known, there is somebody at the other end who listens. */
  get isUsable(): boolean {
    return acceptingStates.has(this.#state.kind) && !this.#abort.signal.aborted;
  }

  get isFull(): boolean {
    return this.#room.isFull;
  }

  /** The server has taken a session on it: a refusal means that there is no more room, and not that there is none at all. */
  get carriedSessions(): boolean {
    return this.#room.wasUsed;
  }

  /** See MasterInit. */
  get channelLimit(): number | undefined {
    return this.#room.limit;
  }

  /** `error` kept it from coming up, and it might not ask a person who could have helped: worth a login that may. */
  failedUnasked(error: unknown): boolean {
    return !this.#init.allowPrompts && this.#connection === undefined && couldBeAsked(error);
  }

  get isEnded(): boolean {
    return this.#state.kind === "lost" || this.#state.kind === "closed";
  }

  /** Keeps the master from leaving. Dispose to give it back; the linger starts with the last one. */
  lease(use: ConnectionUse): Disposable {
    if (this.#uses.add(use)) {
      this.#applyPolicy();
    }
    const lease = this.#leases.acquire();
    return toDisposable(() => {
      const changed = this.#uses.remove(use);
      lease.dispose();
      if (changed) {
        this.#applyPolicy();
      }
    });
  }

  /** What was typed by those that use it, each once. */
  get specs(): readonly string[] {
    return this.#uses.specs;
  }

  /** The connection once it is there. Rejects with what kept it from coming up, or with the signal's reason. */
  ready(signal: AbortSignal): Promise<EngineConnection> {
    return raceSignal(this.#ready, signal);
  }

  /** @throws ChannelError, what kept the connection from coming up, or the signal's reason */
  async openChannel(spec: SessionSpec, signal: AbortSignal): Promise<EngineChannel> {
    return await this.#room.open(() => this.#opener.session(spec, signal), signal);
  }

  /** See EngineConnection.openDirectTcpip. @throws ChannelError, or the signal's reason */
  async openDirectTcpip(target: Endpoint, originator: Endpoint, signal: AbortSignal): Promise<Duplex> {
    return await this.#opener.directTcpip(target, originator, signal);
  }

  /** The one that it came for is gone: it lingers as any other from now on. */
  promote(): void {
    if (this.#overflow && !this.isEnded) {
      this.#overflow = false;
      this.#leases.setLinger(this.#lingerMilliseconds());
      this.#changed.fire();
    }
  }

  /** Calls `listener` with what was said and is waited for in this login, and with what follows. */
  watchLogin(listener: (news: LoginNews) => void): Disposable {
    for (const news of this.#said) {
      listener(news);
    }
    if (this.#state.kind === "connecting" && this.#state.wait !== undefined) {
      listener({ kind: "wait", alias: this.config.alias, wait: this.#state.wait });
    }
    return this.#news.event(listener);
  }

  /** Asks for a sign of life at once. Resolves to whether one came. @param patience milliseconds. */
  async probe(patience = urgentProbeDeadline): Promise<boolean> {
    return (await this.#heartbeat?.probeNow(patience)) ?? false;
  }

  /**
   * Settings changed, or ssh_config did: keepalive and linger are taken anew, and nothing else, since that is all that can
   * change on a live connection.
   * @param configs what has been read again, by what was typed.
   */
  refreshPolicies(configs: ReadonlyMap<string, HostConfig> = new Map()): void {
    this.#uses.reread(configs);
    this.#applyPolicy();
  }

  /** Ends in order; its sessions should have ended before. Resolves when the connection is gone. */
  async disconnect(reason: MasterEndReason = "disconnected"): Promise<void> {
    this.#finish(reason);
    await this.#endedPromise;
  }

  /** Ends now. The state is final when this returns. */
  kill(reason: MasterEndReason = "killed"): void {
    this.#endReason ??= reason;
    this.#abort.abort(new CancelledError());
    this.#connection?.destroy();
    this.#end(undefined);
  }

  /** It does not answer, and nobody wants to wait for its heartbeat to say so: ends now, as if it had. */
  giveUp(): void {
    this.#lose("unresponsive");
  }

  dispose(): void {
    this.kill("shutdown");
    this.#changed.dispose();
    this.#news.dispose();
  }

  snapshot(): MasterCore {
    const { config, state } = { config: this.config, state: this.#state };
    const info = this.#connection?.info;
    return Object.freeze({
      id: this.id,
      alias: config.alias,
      spec: typedHost(config),
      destination: Object.freeze({ user: config.user, hostName: config.hostName, port: config.port }),
      via: Object.freeze(config.proxyJump.map((hop) => hop.alias)),
      state,
      since: this.#since,
      lingerUntil: state.kind === "lingering" ? state.until : undefined,
      keepalive: this.#policy.keepalive,
      linger: this.overflow ? undefined : this.#policy.linger,
      uses: this.#policy.uses,
      warnings: this.#uses.warnings,
      roundTripMs: this.#roundTrips.at(-1),
      roundTrips: this.#roundTrips,
      probesIgnored: this.#probesIgnored,
      bytesIn: this.#connection?.bytesIn ?? 0,
      bytesOut: this.#connection?.bytesOut ?? 0,
      engine: this.#init.engine.name,
      overflow: this.overflow,
      serverVersion: info?.serverVersion,
      algorithms: info?.algorithms,
      localAddress: info?.localAddress,
      remoteAddress: info?.remoteAddress,
    });
  }

  async #connect(): Promise<EngineConnection> {
    const { allowPrompts } = this.#init;
    const deadline = new Deadline(
      this.#clock,
      connectTimeLimit(this.config, allowPrompts),
      () => new ConnectError("timed-out", "The connection did not come up in time"),
      this.#abort.signal,
    );
    try {
      const { config, engine, transport: makeTransport, login } = this.#init;
      let transport: Transport | undefined;
      if (makeTransport !== undefined) {
        this.#setState({
          kind: "connecting",
          since: this.#since,
          phase: config.proxyCommand === undefined ? "jump" : "proxy",
        });
        // A jump host has its own deadline, and may have to ask.
        transport = await deadline.paused(() =>
          makeTransport(
            this.#abort.signal,
            () => this.#lose("jump-lost"),
            (news) => this.#tellNews(news),
          ),
        );
        this.#resources.add(transport.hold);
      }
      const { verifier, authenticator } = login(config, {
        allowPrompts: this.#init.allowPrompts,
        pause: (work) => deadline.paused(work),
        signal: deadline.signal,
      });
      const connection = await engine.connect(
        {
          config,
          ...(transport && { transport: transport.stream }),
          tcpKeepAlive: this.#policy.keepalive.tcpKeepAlive,
          verifier,
          authenticator,
          logger: this.#logger,
          ...(!allowPrompts && { silenceLimit: unattendedSilence }),
          onPhase: (phase) => {
            if (phase === "authentication") {
              // As in `ssh`, ConnectTimeout ends with the key exchange. A person or a telephone may take long.
              deadline.lift();
            }
            if (this.#state.kind === "connecting") {
              this.#setState({ kind: "connecting", since: this.#since, phase });
            }
          },
          onWait: (wait) => this.#onWait(wait),
          onServerWords: (words) => this.#tellNews({ kind: "words", alias: config.alias, words }),
        },
        deadline.signal,
      );
      if (this.isEnded) {
        connection.destroy();
        throw new CancelledError();
      }
      this.#onConnected(connection);
      return connection;
    } catch (thrown) {
      const error = asError(thrown);
      this.#endReason ??= CancelledError.is(error) ? "disconnected" : "connect-failed";
      // A question that is still open (the server hung up meanwhile) has nobody left who wants the answer.
      this.#abort.abort(error);
      this.#end(error);
      throw error;
    } finally {
      deadline.dispose();
    }
  }

  #onWait(wait: LoginWait | undefined): void {
    if (this.#state.kind === "connecting") {
      const { since, phase } = this.#state;
      this.#setState({ kind: "connecting", since, phase, ...(wait && { wait }) });
      this.#tellNews({ kind: "wait", alias: this.config.alias, wait });
    }
  }

  #tellNews(news: LoginNews): void {
    if (this.#connection === undefined && !this.isEnded) {
      if (news.kind === "words") {
        this.#said.push(news);
      }
      this.#news.fire(news);
    }
  }

  #onConnected(connection: EngineConnection): void {
    this.#said = [];
    this.#connection = connection;
    this.#since = this.#clock.now();
    this.#logger.info(
      `connected to ${printable(connection.info.serverVersion)} (${connection.info.authMethod}, ${connection.info.algorithms?.cipher ?? "?"})`,
    );
    this.#heartbeat = this.#resources.add(
      new Heartbeat(this.#clock, connection, this.#policy.keepalive, this.#policy.ignoreMissingReplies, {
        onHealth: (health) => {
          this.#health = health;
          this.#update();
          if (health.kind === "hung") {
            this.#opener.giveUp();
          }
        },
        onRoundTrip: (milliseconds) => {
          this.#roundTrips = Object.freeze([...this.#roundTrips.slice(1 - roundTripsKept), milliseconds]);
          this.#changed.fire();
        },
        onDead: () => this.#lose("unresponsive"),
        onProbesIgnored: (ignored) => {
          this.#probesIgnored = ignored;
          this.#logger.info(ignored ? "the server does not answer keepalive probes" : "probes are answered");
          this.#changed.fire();
        },
      }),
    );
    this.#probesIgnored = this.#heartbeat.probesIgnored;
    this.#resources.add(connection.onDidClose((end) => this.#onClosed(end)));
    this.#update();
    if (this.#leases.count === 0) {
      // Whoever asked left meanwhile: the linger begins now.
      this.#leases.acquire().dispose();
    }
  }

  #onClosed(end: ConnectionEnd): void {
    this.#endReason ??= end.reason === "disconnected" ? "closed-by-server" : "connection-lost";
    this.#end(end.error);
  }

  #onLeases(): void {
    if (this.#state.kind === "connecting") {
      if (this.#leases.count === 0) {
        // Nobody waits for it any more.
        this.#abort.abort(new CancelledError());
      }
      return;
    }
    this.#update();
  }

  /** Found dead: nothing more is sent. */
  #lose(reason: MasterEndReason): void {
    if (this.isEnded) {
      return;
    }
    this.#endReason ??= reason;
    this.#logger.warn(`connection given up: ${reason}`);
    this.#abort.abort(
      reason === "jump-lost"
        ? jumpFailure(this.config, "connection")
        : new ConnectError("timed-out", "The connection no longer answers"),
    );
    this.#connection?.destroy();
    this.#end(undefined);
  }

  #finish(reason: MasterEndReason): void {
    if (this.isEnded || this.#state.kind === "disconnecting") {
      return;
    }
    this.#endReason ??= reason;
    const connection = this.#connection;
    if (connection === undefined) {
      this.kill(reason);
      return;
    }
    this.#setState({ kind: "disconnecting", since: this.#clock.now() });
    this.#resources.add(
      this.#clock.setTimeout(() => {
        connection.destroy();
        this.#end(undefined);
      }, closeDeadline),
    );
    connection.close();
  }

  #end(error: Error | undefined): void {
    if (this.isEnded) {
      return;
    }
    const reason = this.#endReason ?? "connection-lost";
    const kind = isLoss(reason) ? "lost" : "closed";
    this.#setState({ kind, since: this.#clock.now(), reason, ...(error && { error }) });
    this.#logger.info(`ended: ${reason}${error === undefined ? "" : ` (${error.message})`}`);
    this.#leases.dispose();
    this.#resources.dispose();
    this.#resolveEnded();
  }

  /** Derives the state of a live connection from its health and its leases. */
  #update(): void {
    if (this.#connection === undefined || this.#state.kind === "disconnecting" || this.isEnded) {
      return;
    }
    const since = this.#clock.now();
    if (this.#health.kind === "suspect" || this.#health.kind === "hung") {
      this.#setState({ ...this.#health, since });
    } else if (this.#leases.count > 0) {
      this.#setState({ kind: "ready", since });
    } else {
      this.#setState({ kind: "lingering", since, until: this.#leases.lingerUntil });
    }
  }

  #setState(next: MasterState): void {
    const since = next.kind === this.#state.kind ? this.#state.since : next.since;
    this.#state = Object.freeze({ ...next, since });
    this.#changed.fire();
  }

  #applyPolicy(): void {
    if (this.isEnded) {
      return;
    }
    this.#policy = this.#init.policies(this.#uses.current);
    const { keepalive, ignoreMissingReplies } = this.#policy;
    this.#heartbeat?.setPolicy(keepalive, ignoreMissingReplies);
    this.#connection?.setTcpKeepAlive(keepalive.tcpKeepAlive);
    this.#leases.setLinger(this.#lingerMilliseconds());
    this.#changed.fire();
  }

  #lingerMilliseconds(): number {
    // One that came because the first is full leaves as soon as it is empty.
    return this.#overflow ? 0 : this.#policy.linger.seconds * 1000;
  }
}

/**
 * From the first packet to the end of the key exchange, in milliseconds. Without ConnectTimeout `ssh` waits for a
 * ProxyCommand for ever; somebody who can cancel does, too.
 */
function connectTimeLimit(config: HostConfig, attended: boolean): number {
  return config.proxyCommand !== undefined && config.connectTimeout === undefined
    ? attended
      ? Number.POSITIVE_INFINITY
      : unattendedProxy
    : openTimeLimit(config);
}

/** For a connection or a channel, in milliseconds. */
function openTimeLimit({ connectTimeout = defaultOpenTimeout }: HostConfig): number {
  return connectTimeout === 0 ? Number.POSITIVE_INFINITY : connectTimeout * 1000;
}
