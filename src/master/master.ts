import { Deadline, raceSignal } from "../base/deadline.ts";
import { type Disposable, DisposableStore, toDisposable } from "../base/disposable.ts";
import { Emitter } from "../base/emitter.ts";
import { asError, CancelledError } from "../base/errors.ts";
import { type Logger, logOf } from "../base/log.ts";
import type { ConnectionUse } from "../config/connectionPolicy.ts";
import type { HostConfig } from "../config/hostConfig.ts";
import type { EngineConnection, LoginWait } from "../engine/connectionEngine.ts";
import { ConnectError } from "../engine/engineErrors.ts";
import { ChannelOpener } from "./channelOpener.ts";
import { ChannelRoom } from "./channelRoom.ts";
import { ConnectionHealth, urgentProbeDeadline } from "./connectionHealth.ts";
import { connectMaster, type MasterInit } from "./connectMaster.ts";
import { channelLimits, connectTimeLimit } from "./connectTimeLimits.ts";
import { jumpFailure } from "./jumpFailure.ts";
import { LoginFeed } from "./loginFeed.ts";
import { MasterHolders } from "./masterHolders.ts";
import { masterSnapshot } from "./masterSnapshot.ts";
import { lostBecause, MasterStatus } from "./masterStatus.ts";
import type { LoginNews, MasterCore, MasterEndReason, MasterState } from "./masterTypes.ts";
import { couldBeAsked } from "./unattended.ts";

/** How long an orderly close may take before its socket is destroyed, in milliseconds. */
const closeDeadline = 3000;

/**
 * One authenticated connection to one destination, with many channels. It connects as soon as it is made, stays open
 * while it is leased, lingers, and ends exactly once. Owned by MasterRegistry.
 */
export class Master implements Disposable {
  readonly id: string;
  readonly key: string;
  readonly config: HostConfig;
  /** Opens channels on it once it is up. */
  readonly channels: Pick<ChannelOpener, "session" | "directTcpip" | "forward" | "listen">;
  /** Other windows that use the connection. */
  readonly guests: Pick<MasterHolders, "add" | "hold" | "policy">;

  readonly #init: MasterInit;
  readonly #logger: Logger;
  readonly #holders: MasterHolders;
  readonly #changed = new Emitter<void>();
  readonly #feed = new LoginFeed();
  readonly #resources = new DisposableStore();
  readonly #room: ChannelRoom;
  readonly #opener: ChannelOpener;
  readonly #abort = new AbortController();
  readonly #ready: Promise<EngineConnection>;
  #connection: EngineConnection | undefined;
  readonly #health: ConnectionHealth;
  readonly #status: MasterStatus;
  #since: number;
  /** The lease of the programs at the socket of an `ssh`. */
  #programs: Disposable | undefined;

  /** Any part of the snapshot changed. */
  readonly onDidChange = this.#changed.event;

  constructor(init: MasterInit) {
    this.#init = init;
    this.#since = init.clock.now();
    this.id = init.id;
    this.key = init.key;
    this.config = init.config;
    this.#room = new ChannelRoom(init.channelLimit, () => this.#connection?.relay?.sessions ?? 0);
    this.#opener = new ChannelOpener({
      clock: init.clock,
      ...channelLimits(init.config, init.allowPrompts),
      hasStarted: () => this.#health.hasStarted,
      ready: (signal) => this.ready(signal),
      probe: (patience) => this.probe(patience),
      onReply: () => this.#health.noteReply(),
      room: this.#room,
    });
    this.channels = this.#opener;
    this.#logger = logOf(init.logger, init.id, init.config.alias);
    this.#holders = new MasterHolders(
      { config: init.config, folder: init.folder },
      init.overflow,
      init.policies,
      init.clock,
      {
        onLeases: () => this.#onLeases(),
        onLingerOver: () => this.#finish("linger-over"),
        onPolicy: () => this.#onPolicy(),
      },
    );
    this.guests = this.#holders;
    this.#health = new ConnectionHealth(init.clock, this.#logger, {
      onHealth: (health) => {
        this.#update();
        if (health.kind === "hung") {
          this.#opener.giveUp();
        }
      },
      onMeasured: () => this.#changed.fire(),
      onDead: () => this.#lose("unresponsive"),
    });
    this.#resources.add(this.#health);
    this.#status = new MasterStatus(this.#since, () => this.#changed.fire());
    this.#ready = this.#connect();
    this.#ready.catch(() => {}); // Each waiter gets it through `ready`.
  }

  get state(): MasterState {
    return this.#status.current;
  }

  get connection(): EngineConnection | undefined {
    return this.#connection;
  }

  /** Resolves once the connection has ended, with the reason set. */
  get ended(): Promise<void> {
    return this.#status.ended;
  }

  get endReason(): MasterEndReason | undefined {
    return this.#status.reason;
  }

  /** The server's message when it ended the connection. Untrusted. */
  get endWords(): string | undefined {
    return this.#status.words;
  }

  /** A further connection because another one is full: it ends with its last session. */
  get overflow(): boolean {
    return this.#holders.overflow;
  }

  /** Whether it accepts new sessions: not if it is full, hung or closing. */
  get acceptsSessions(): boolean {
    return !this.#room.isFull && this.isUsable;
  }

  /** Not closing, and not known to be hung or ended. */
  get isUsable(): boolean {
    return this.#status.isUsable && !this.#abort.signal.aborted;
  }

  /** What is known about the number of sessions that the server allows. */
  get room(): Omit<ChannelRoom, "open"> {
    return this.#room;
  }

  /** It failed with `error` because it was not allowed to prompt: a login that may prompt is worth trying. */
  failedUnasked(error: unknown): boolean {
    return !this.#init.allowPrompts && this.#connection === undefined && couldBeAsked(error);
  }

  get isEnded(): boolean {
    return this.#status.isEnded;
  }

  /** Keeps the master open. Dispose to release it; the linger starts with the last release. */
  lease(use: ConnectionUse): Disposable {
    return this.#holders.lease(use);
  }

  /** The typed hosts of its uses, without duplicates. */
  get specs(): readonly string[] {
    return this.#holders.specs;
  }

  /** The connection once it is up. Rejects with the error of the connection attempt, or with the signal's reason. */
  ready(signal: AbortSignal): Promise<EngineConnection> {
    return raceSignal(this.#ready, signal);
  }

  /** The full master that it relieved has ended: it lingers like any other from now on. */
  promote(): void {
    if (this.overflow && !this.isEnded) {
      this.#holders.promote();
      this.#changed.fire();
    }
  }

  /** Calls `listener` with past and later messages of this login, and with what it waits for. */
  watchLogin(listener: (news: LoginNews) => void): Disposable {
    return this.#feed.watch(listener, this.config.alias, this.state);
  }

  /** Sends a keepalive probe at once. Resolves to whether a reply came. @param patience milliseconds. */
  async probe(patience = urgentProbeDeadline): Promise<boolean> {
    return await this.#health.probe(patience);
  }

  /**
   * Settings or ssh_config changed: reads keepalive and linger again. Nothing else can change on a live connection.
   * @param configs the new configurations, by the typed host.
   */
  refreshPolicies(configs: ReadonlyMap<string, HostConfig> = new Map()): void {
    this.#holders.reread(configs);
  }

  /** Ends in order, after its sessions. Resolves when the connection has ended. */
  async disconnect(reason: MasterEndReason = "disconnected"): Promise<void> {
    this.#finish(reason);
    await this.#status.ended;
  }

  /** Ends now. The state is final when this returns. */
  kill(reason: MasterEndReason = "killed"): void {
    this.#status.endsBecause(reason);
    this.#abort.abort(new CancelledError());
    this.#connection?.destroy();
    this.#end(undefined);
  }

  /** Ends an unresponsive connection now instead of waiting for the keepalive limit. */
  giveUp(): void {
    this.#lose("unresponsive");
  }

  dispose(): void {
    this.kill("shutdown");
    this.#changed.dispose();
    this.#feed.dispose();
  }

  snapshot(): MasterCore {
    const { id, config, state } = this;
    return masterSnapshot({
      ...{ id, config, state, since: this.#since, engine: this.#init.engine.name },
      ...{ holders: this.#holders, health: this.#health, connection: this.#connection },
    });
  }

  async #connect(): Promise<EngineConnection> {
    const deadline = new Deadline(
      this.#init.clock,
      connectTimeLimit(this.config, this.#init.allowPrompts),
      () => new ConnectError("timed-out", "The connection did not come up in time"),
      this.#abort.signal,
    );
    try {
      const connection = await connectMaster(
        this.#init,
        this.#logger,
        () => this.#holders.policy.keepalive.tcpKeepAlive,
        { deadline, givenUp: this.#abort.signal },
        {
          onPhase: (phase) => {
            if (this.state.kind === "connecting") {
              this.#status.set({ kind: "connecting", since: this.#since, phase });
            }
          },
          onWait: (wait) => this.#onWait(wait),
          onNews: (news) => this.#onNews(news),
          onTransport: (hold) => this.#resources.add(hold),
          onJumpLost: () => this.#lose("jump-lost"),
        },
      );
      // The engine may have finished before it noticed that nothing needs the connection any more.
      if (this.isEnded || this.#abort.signal.aborted) {
        if (connection.leave !== undefined) {
          // A master of `ssh` that was taken over may have programs.
          connection.leave();
        } else {
          connection.destroy();
        }
        throw new CancelledError();
      }
      this.#onConnected(connection);
      return connection;
    } catch (thrown) {
      const error = asError(thrown);
      this.#status.endsBecause(CancelledError.is(error) ? "disconnected" : "connect-failed");
      // The attempt is over: close prompts that are still open.
      this.#abort.abort(error);
      this.#end(error);
      throw error;
    } finally {
      deadline.dispose();
    }
  }

  #onWait(wait: LoginWait | undefined): void {
    if (this.state.kind === "connecting") {
      const { since, phase } = this.state;
      this.#status.set({ kind: "connecting", since, phase, ...(wait && { wait }) });
      this.#onNews({ kind: "wait", alias: this.config.alias, wait });
    }
  }

  #onNews(news: LoginNews): void {
    if (this.#connection === undefined && !this.isEnded) {
      this.#feed.report(news);
    }
  }

  #onConnected(connection: EngineConnection): void {
    this.#feed.forget();
    this.#connection = connection;
    this.#since = this.#init.clock.now();
    this.#health.watch(connection, this.#holders.policy);
    connection.onDidChangeOthers?.(() => this.#changed.fire());
    this.#resources.add(
      connection.sshMaster?.onDidChange(() => this.#onPrograms()) ?? toDisposable(() => {}),
    );
    this.#onPrograms();
    this.#resources.add(
      connection.onDidClose(({ reason, error, said }) => {
        this.#status.endsBecause(lostBecause(reason, connection, this.#holders.count), said);
        this.#end(error);
      }),
    );
    this.#update();
  }

  /** Programs at the socket of an `ssh` lease the connection together. */
  #onPrograms(): void {
    const held = this.#programs;
    this.#programs =
      (this.#connection?.sshMaster?.programs ?? 0) > 0 ? (held ?? this.#holders.hold()) : undefined;
    if (this.#programs === undefined) {
      held?.dispose();
    }
  }

  #onLeases(): void {
    if (this.state.kind !== "connecting") {
      this.#update();
    } else if (this.#holders.count === 0) {
      // Nothing needs it any more.
      this.#abort.abort(new CancelledError());
    }
  }

  /** Ends a connection that counts as dead: nothing more is sent. */
  #lose(reason: MasterEndReason): void {
    if (this.isEnded) {
      return;
    }
    this.#status.endsBecause(reason);
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
    const connection = this.#connection;
    if (this.isEnded || this.state.kind === "disconnecting") {
      return;
    }
    this.#status.endsBecause(reason);
    if (connection === undefined) {
      this.kill(reason);
      return;
    }
    this.#status.set({ kind: "disconnecting", since: this.#init.clock.now() });
    this.#resources.add(
      this.#init.clock.setTimeout(() => {
        connection.destroy();
        this.#end(undefined);
      }, closeDeadline),
    );
    if (reason === "linger-over" && connection.leave !== undefined) {
      connection.leave();
    } else {
      connection.close();
    }
  }

  #end(error: Error | undefined): void {
    if (this.isEnded) {
      return;
    }
    const reason = this.#status.end(this.#init.clock.now(), error);
    this.#logger.info(`ended: ${reason}${error === undefined ? "" : ` (${error.message})`}`);
    this.#holders.dispose();
    this.#resources.dispose();
    this.#status.resolveEnded();
  }

  /** Derives the state of a live connection from its health and its leases. */
  #update(): void {
    if (this.#connection !== undefined && this.state.kind !== "disconnecting" && !this.isEnded) {
      this.#status.setLive(this.#health.current, this.#holders, this.#init.clock.now());
      this.#holders.noteUse(this.#connection);
    }
  }

  #onPolicy(): void {
    if (this.isEnded) {
      return;
    }
    this.#health.setPolicy(this.#holders.policy);
    this.#connection?.setTcpKeepAlive(this.#holders.policy.keepalive.tcpKeepAlive);
    this.#holders.noteUse(this.#connection);
    this.#changed.fire();
  }
}
