import type { Clock } from "../base/clock.ts";
import type { Disposable } from "../base/disposable.ts";
import { Emitter } from "../base/emitter.ts";
import type { SettingsFolder } from "../config/configPorts.ts";
import { hostNames } from "../config/hostSpec.ts";
import type {
  ChannelDetails,
  ChannelExit,
  Dimensions,
  EngineChannel,
  OutputKind,
} from "../engine/connectionEngine.ts";
import type { Master } from "../master/master.ts";
import { isLoss, type MasterEndReason } from "../master/masterTypes.ts";
import { closeInOrder, killProgram } from "./channelEnding.ts";
import type { OpenSessionRequest } from "./openSessionTypes.ts";
import { Redraws } from "./redraws.ts";
import { SessionLimits } from "./sessionLimits.ts";
import { hangUpPrecedesLoss, mayBeShutdown } from "./sessionLoss.ts";
import { type LimitReached, lossBy, outcomeOf } from "./sessionOutcome.ts";
import type {
  LimitKind,
  Session,
  SessionConnection,
  SessionLimit,
  SessionOutcome,
  SessionSnapshot,
  SessionState,
} from "./sessionTypes.ts";
import { isUsersChoice } from "./usersChoice.ts";

/** One session from the request to its outcome. Made by SessionManager, which attaches the open channel. */
export class SshSession implements Session {
  readonly id: string;
  readonly alias: string;
  readonly spec: string;

  readonly #clock: Clock;
  readonly #request: OpenSessionRequest;
  readonly #since: number;
  readonly #stateChanged = new Emitter<SessionState>();
  readonly #received = new Emitter<{ readonly kind: OutputKind; readonly data: Uint8Array }>();
  readonly #drained = new Emitter<void>();
  readonly #warned = new Emitter<{ readonly limit: LimitKind; readonly secondsLeft: number }>();
  readonly ended: Promise<SessionOutcome>;
  #resolveEnded: (outcome: SessionOutcome) => void = () => {};
  readonly #limits: SessionLimits;
  readonly #redraws: Redraws;
  readonly #timers = new Set<Disposable>();
  #title: string;
  #state: SessionState;
  #lastActivity: number;
  #lastActivityMonotonic = Number.NEGATIVE_INFINITY;
  #bytesIn = 0;
  #bytesOut = 0;
  #master: Master | undefined;
  #lease: Disposable | undefined;
  #channel: EngineChannel | undefined;
  #eofSent = false;
  #channelClosed = false;
  /** The session has ended but still needs its master, for example while a killed program exits. */
  #holdsMaster = false;
  #limitReached: LimitReached | undefined;

  readonly onDidChangeState = this.#stateChanged.event;
  readonly onDidReceive = this.#received.event;
  readonly onDidDrain = this.#drained.event;
  readonly onDidWarn = this.#warned.event;

  /** @param activityOnConnection monotonic milliseconds of the last data on any session of its connection. */
  constructor(clock: Clock, id: string, request: OpenSessionRequest, activityOnConnection: () => number) {
    this.#clock = clock;
    this.id = id;
    ({ alias: this.alias, spec: this.spec } = hostNames(request.host));
    this.#request = request;
    this.#title = request.title ?? request.host;
    this.#since = clock.now();
    this.#lastActivity = this.#since;
    this.#state = { kind: "opening", since: this.#since };
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve;
    });
    this.#redraws = new Redraws(clock);
    this.#limits = new SessionLimits(clock, {
      onWarn: (limit, secondsLeft) => this.#warned.fire({ limit, secondsLeft }),
      onReached: (limit, seconds, extended) => {
        this.#limitReached = { limit, seconds, ...(extended && { extended }) };
        void this.#endInOrder("limit");
      },
      lastActivityOnConnection: () => activityOnConnection(),
    });
  }

  get state(): SessionState {
    return this.#state;
  }

  get hasPty(): boolean {
    return this.#request.pty !== undefined && !this.ptyRefused;
  }

  get ptyRefused(): boolean {
    return this.#channel?.ptyRefused ?? false;
  }

  get queuedBytes(): number {
    return this.#channel?.queuedBytes ?? 0;
  }

  /** The folder whose settings apply to it. */
  get folder(): SettingsFolder | undefined {
    return this.#request.folder;
  }

  get eofSent(): boolean {
    return this.#eofSent;
  }

  get masterId(): string | undefined {
    return this.#master?.id;
  }

  /** Monotonic milliseconds of the last data; -Infinity if there was none. */
  get lastActivityMonotonic(): number {
    return this.#lastActivityMonotonic;
  }

  get limitedFrom(): number | undefined {
    return this.#limits.timeFrom;
  }

  /** An attempt to reconnect: until its connection is up, only the reconnection is shown. */
  get isAttempt(): boolean {
    return this.#request.inPlaceOf !== undefined && this.#state.kind === "opening";
  }

  /** It continues a lost session. */
  get isReconnection(): boolean {
    return this.#request.inPlaceOf !== undefined;
  }

  /** It did not open because the user gave it up. */
  get gaveUp(): boolean {
    const { outcome } = this.#state.kind === "ended" ? this.#state : {};
    return outcome?.kind === "failed" && isUsersChoice(outcome.error);
  }

  /** See EndedSession. */
  get isTitledByCommand(): boolean {
    const { request } = this.#request;
    return request.type === "exec" && request.command === this.#title;
  }

  get isEnded(): boolean {
    return this.#state.kind === "ended";
  }

  /** The extension's own lookup on a server: it appears in no view and in no event. */
  get isUnseen(): boolean {
    return this.#request.purpose === "lookup";
  }

  /** Assigns a master; the snapshot is then listed below it. The session owns the lease from now on. */
  useMaster(master: Master, lease: Disposable): void {
    this.#lease?.dispose();
    this.#master = master;
    this.#lease = lease;
  }

  /** The channel is open. */
  attach(channel: EngineChannel, limits: readonly SessionLimit[]): void {
    this.#channel = channel;
    channel.onDidReceive((event) => {
      this.#touch(this.#redraws.isOn);
      this.#bytesIn += event.data.length;
      this.#received.fire(event);
    });
    channel.onDidDrain(() => this.#drained.fire());
    channel.onDidClose((end) => {
      this.#channelClosed = true;
      this.#limitReached ??= end.limit;
      void (end.moved ? this.#finish({ kind: "moved" }) : this.#onClosed(end.exit, end.lost, end.lostBy));
    });
    this.#setState({ kind: "open", since: this.#clock.now() });
    // Continue the count across reconnects and windows; otherwise every one of them would extend the limit.
    const now = this.#clock.monotonic();
    const { kept } = channel;
    const limitedFrom = kept && now - kept.limitedFor;
    this.#limits.start(
      limits,
      limitedFrom ?? this.#request.inPlaceOf?.limitedFrom,
      kept && now - kept.idleFor,
    );
  }

  /** It did not open, or was cancelled before. */
  fail(error: Error): void {
    this.#finish({ kind: "failed", error });
  }

  snapshot(): SessionSnapshot {
    return Object.freeze({
      id: this.id,
      masterId: this.#master?.id,
      alias: this.alias,
      spec: this.spec,
      folder: this.folder?.name,
      limits: this.#limits.snapshots(),
      kind: this.#request.kind,
      title: this.#title,
      state: this.#state,
      since: this.#since,
      lastActivity: this.#lastActivity,
      bytesIn: this.#bytesIn,
      bytesOut: this.#bytesOut,
      eofSent: this.#eofSent,
      outcome: this.#state.kind === "ended" ? this.#state.outcome : undefined,
    });
  }

  connection(): SessionConnection | undefined {
    const master = this.#master;
    return master && { destinationKey: master.key, master: master.snapshot() };
  }

  details(): ChannelDetails | undefined {
    return this.#channel?.details();
  }

  rename(title: string): void {
    this.#title = title;
    this.#stateChanged.fire(this.#state);
  }

  pause(): void {
    this.#channel?.pause();
  }

  resume(): void {
    this.#channel?.resume();
  }

  write(data: Uint8Array): boolean {
    if (this.#channel === undefined || this.isEnded || this.#eofSent) {
      return false;
    }
    this.#touch();
    this.#bytesOut += data.length;
    return this.#channel.write(data);
  }

  eof(): void {
    if (this.#state.kind === "open" && !this.#eofSent) {
      this.#eofSent = true;
      this.#channel?.eof();
      this.#stateChanged.fire(this.#state);
    }
  }

  resize(dimensions: Dimensions): void {
    this.#redraws.begin();
    this.#channel?.resize(dimensions);
  }

  signal(name: string): void {
    this.#channel?.signal(name);
  }

  sendBreak(milliseconds: number): boolean {
    return this.#channel?.sendBreak(milliseconds) ?? false;
  }

  async disconnect(): Promise<void> {
    await this.#endInOrder("disconnect");
  }

  kill(): void {
    // A listener of the state may call `kill` again.
    if (this.isEnded || (this.#state.kind === "ending" && this.#state.how === "kill")) {
      return;
    }
    this.#setState({ kind: "ending", since: this.#clock.now(), how: "kill" });
    if (this.#channel !== undefined && !this.#channelClosed) {
      this.#holdsMaster = true;
      killProgram(this.#channel, this.#clock, () => this.#lease?.dispose());
    }
    this.#finish({ kind: "killed", exit: {} });
  }

  extend(): void {
    this.#limits.extend();
    this.#channel?.kept?.extend();
  }

  get isKept(): boolean {
    return this.#channel?.kept !== undefined;
  }

  leave(): void {
    const kept = this.#channel?.kept;
    if (kept === undefined) {
      this.kill();
    } else if (!this.isEnded) {
      kept.leave();
      this.#finish({ kind: "disconnected", exit: {} });
    }
  }

  async #endInOrder(how: "disconnect" | "limit"): Promise<void> {
    const channel = this.#channel;
    if (this.#state.kind === "open" && channel !== undefined) {
      this.#setState({ kind: "ending", since: this.#clock.now(), how });
      closeInOrder(channel, {
        hasPty: this.#request.pty !== undefined,
        isEnded: () => this.isEnded,
        after: (milliseconds, callback) => this.#after(milliseconds, callback),
        onSilence: () => void this.#onClosed({}, false),
      });
    } else if (this.#state.kind === "opening") {
      this.#finish({ kind: "disconnected", exit: {} });
    }
    await this.ended;
  }

  async #onClosed(exit: ChannelExit, lost: boolean, known?: MasterEndReason): Promise<void> {
    if (this.isEnded) {
      return;
    }
    if (lost && known === undefined && this.#master !== undefined) {
      // The connection's own end has the reason, and may come a moment later.
      await this.#master.ended;
    }
    const lostBy = lost ? (known ?? this.#master?.endReason ?? "connection-lost") : undefined;
    const said = this.#master?.endWords;
    this.#finish(outcomeOf({ state: this.#state, exit, lostBy, said, limitReached: this.#limitReached }));
  }

  #finish(outcome: SessionOutcome): void {
    if (this.isEnded) {
      return;
    }
    this.#limits.dispose();
    for (const timer of this.#timers) {
      timer.dispose();
    }
    this.#timers.clear();
    this.#setState({ kind: "ended", since: this.#clock.now(), outcome: Object.freeze(outcome) });
    this.#watchForLoss(outcome);
    if (!this.#holdsMaster) {
      this.#lease?.dispose();
    }
    this.#resolveEnded(outcome);
  }

  /** Keep its master until it is clear that the server did not shut down: otherwise it could not be lost. */
  #watchForLoss(outcome: SessionOutcome): void {
    const master = this.#master;
    if (master === undefined || !mayBeShutdown(outcome)) {
      return;
    }
    this.#holdsMaster = true;
    let isWatching = true;
    const stop = (): void => {
      isWatching = false;
      timer.dispose();
      this.#lease?.dispose();
    };
    const timer = this.#clock.setTimeout(stop, hangUpPrecedesLoss);
    void master.ended.then(() => {
      if (isWatching) {
        stop();
        const reason = master.endReason ?? "connection-lost";
        if (isLoss(reason)) {
          const lost: SessionOutcome = Object.freeze(lossBy(reason, master.endWords));
          this.#setState({ kind: "ended", since: this.#clock.now(), outcome: lost });
        }
      }
    });
  }

  #touch(isRedraw = false): void {
    this.#lastActivity = isRedraw ? this.#lastActivity : this.#clock.now();
    this.#lastActivityMonotonic = this.#clock.monotonic();
    this.#limits.touch(isRedraw);
  }

  #after(milliseconds: number, callback: () => void): Disposable {
    const timer = this.#clock.setTimeout(() => {
      this.#timers.delete(timer);
      callback();
    }, milliseconds);
    this.#timers.add(timer);
    return timer;
  }

  #setState(state: SessionState): void {
    this.#state = Object.freeze(state);
    this.#stateChanged.fire(this.#state);
  }
}
