import type { Clock } from "../base/clock.ts";
import type { Disposable } from "../base/disposable.ts";
import { guarded } from "../base/guarded.ts";
import type { KeepalivePolicy } from "../config/hostConfig.ts";
import { type ProbedConnection, Prober } from "./prober.ts";
import { longestSendDelay, UrgentProbes } from "./urgentProbes.ts";

/** The state of the peer by the keepalive. Times are wall-clock milliseconds. */
export type Health =
  | { readonly kind: "alive" }
  /** A probe has waited longer than usual for its reply. */
  | {
      readonly kind: "suspect";
      readonly unanswered: number;
      readonly countMax: number;
      readonly deadAt: number;
    }
  /**
   * It did not reply to an urgent probe; the ordinary count continues, so that a network that recovers can save it.
   */
  | { readonly kind: "hung"; readonly silentSince: number };

export interface HeartbeatEvents {
  onHealth(health: Health): void;
  /** Milliseconds. */
  onRoundTrip(milliseconds: number): void;
  /** `countMax` probes got no reply. Called once; the heartbeat has stopped. */
  onDead(): void;
  /** The peer sends data but replies to no probe: its silence proves nothing. */
  onProbesIgnored(ignored: boolean): void;
}

/** A timer that is this late means that this process slept or was busy. Milliseconds. */
const lateTimer = 1000;
/** While the peer is suspect or hung, received data is noticed within this time. Milliseconds. */
const recheckInterval = 500;
/** Slow replies extend the wait for an urgent probe to no more than this. Milliseconds. */
const longestUrgent = 5000;

/** The counted probes, as in OpenSSH's clientloop.c. Times are monotonic milliseconds. */
interface Count {
  unanswered: number;
  /** When the last probe was sent. */
  lastProbe: number;
  /** Until then a probe may still wait behind our own data: a missing reply does not count. */
  excusedUntil: number;
  /** When the next probe is due, by both clocks, because either may stop during a sleep. */
  due: { readonly wall: number; readonly monotonic: number };
}

/**
 * At most one of each runs. `next`: the next probe; `grace`: suspicion; `recheck`: data from a suspect or hung peer.
 */
type Timers = Partial<Record<"next" | "grace" | "recheck", Disposable>>;

/**
 * Detects silent peers, with the semantics of OpenSSH's ServerAliveInterval and ServerAliveCountMax (clientloop.c,
 * server_alive_check): any received data counts as life. A probe is sent after `interval` of silence and then once
 * per interval. When one more would be due after `countMax` probes without a reply, the peer is dead.
 */
export class Heartbeat implements Disposable {
  readonly #clock: Clock;
  readonly #connection: ProbedConnection;
  readonly #events: HeartbeatEvents;
  readonly #prober: Prober;
  readonly #urgent: UrgentProbes;
  readonly #timers: Timers = {};
  readonly #count: Count;
  /** Milliseconds; 0: only urgent probes. */
  #interval = 0;
  #countMax = 1;
  #ignoreMissingReplies: boolean;
  /** `lastReceived` at the last comparison. */
  #seen: number;
  #health: Health = { kind: "alive" };
  #stopped = false;

  constructor(
    clock: Clock,
    connection: ProbedConnection,
    policy: KeepalivePolicy,
    ignoreMissingReplies: boolean,
    events: HeartbeatEvents,
  ) {
    this.#clock = clock;
    this.#connection = connection;
    this.#events = events;
    this.#seen = connection.lastReceived;
    this.#ignoreMissingReplies = ignoreMissingReplies;
    const now = clock.monotonic();
    this.#count = { unanswered: 0, lastProbe: now, excusedUntil: now, due: { wall: 0, monotonic: 0 } };
    this.#prober = new Prober(clock, connection, {
      onRoundTrip: (milliseconds) => events.onRoundTrip(milliseconds),
      onProves: () => this.#onProbesIgnored(),
    });
    this.#urgent = new UrgentProbes(clock, connection, this.#prober);
    this.setPolicy(policy, ignoreMissingReplies);
    if (this.#interval > 0) {
      // Measures the round trip at once, and shows whether this peer replies to probes.
      this.#send();
    }
  }

  /** Whether silence proves nothing. */
  get probesIgnored(): boolean {
    return this.#ignoreMissingReplies || this.#prober.provesNothing;
  }

  /** Takes effect at once, measured from the last received data. */
  setPolicy(policy: KeepalivePolicy, ignoreMissingReplies: boolean): void {
    const interval = policy.serverAliveInterval * 1000;
    const changed = interval !== this.#interval || policy.serverAliveCountMax !== this.#countMax;
    this.#interval = interval;
    this.#countMax = policy.serverAliveCountMax;
    if (ignoreMissingReplies !== this.#ignoreMissingReplies) {
      this.#ignoreMissingReplies = ignoreMissingReplies;
      this.#onProbesIgnored();
    }
    if (changed) {
      this.#count.unanswered = 0;
      this.#timers.grace?.dispose();
      if (this.#health.kind === "suspect") {
        this.#setHealth({ kind: "alive" });
      }
      this.#armNext();
    }
  }

  /**
   * Probes now, outside the interval (after a wake, a change of addresses, before reuse). The ordinary count is
   * unchanged.
   * @returns whether any data came within `deadline` milliseconds (more if the round trip is long, or our own data is
   *   queued before the probe); if not, the health is `hung` until data comes.
   */
  async probeNow(deadline: number): Promise<boolean> {
    if (this.#stopped) {
      return false;
    }
    if (this.probesIgnored) {
      return true;
    }
    const usual = Math.min(longestUrgent, 4 * this.#prober.usualRoundTrip);
    // Data from before this probe says nothing about whether the peer replies to it.
    this.#noticeLife();
    const isAlive = await this.#urgent.send(Math.max(deadline, usual), () => this.#onAnswer());
    if (isAlive || this.#stopped) {
      return isAlive;
    }
    // This may show that the peer ignores probes.
    this.#noticeLife();
    if (this.probesIgnored) {
      return true;
    }
    this.#setHealth({
      kind: "hung",
      silentSince: this.#clock.now() - (this.#clock.monotonic() - this.#connection.lastReceived),
    });
    this.#recheck();
    return false;
  }

  /** The peer has replied to another request: it is alive. */
  noteReply(): void {
    if (!this.#stopped) {
      this.#urgent.settle(true);
      // Otherwise the next probe is due too early, and notices then: this is called for each channel that opens.
      if (this.#count.unanswered > 0 || this.#health.kind !== "alive") {
        this.#noticeLife();
      }
    }
  }

  dispose(): void {
    this.#stopped = true;
    for (const timer of Object.values(this.#timers)) {
      timer.dispose();
    }
    this.#urgent.dispose();
    this.#prober.dispose();
  }

  /** One more probe would be due, and none of the counted ones got a reply. */
  get #isOverdue(): boolean {
    return (
      this.#count.unanswered > this.#countMax &&
      !this.probesIgnored &&
      this.#clock.monotonic() >= this.#count.excusedUntil
    );
  }

  #armNext(): void {
    this.#timers.next?.dispose();
    delete this.#timers.next;
    if (this.#interval === 0 || this.#stopped) {
      return;
    }
    const { unanswered, lastProbe } = this.#count;
    const from = unanswered > 0 ? lastProbe : Math.max(this.#seen, lastProbe);
    const delay = Math.max(0, from + this.#interval - this.#clock.monotonic());
    this.#count.due = { wall: this.#clock.now() + delay, monotonic: this.#clock.monotonic() + delay };
    this.#timers.next = this.#clock.setTimeout(() => this.#onDue(), delay);
  }

  #onDue(): void {
    if (this.#noticeLife()) {
      return;
    }
    // Nothing could be received during a sleep: that time does not count against the peer.
    const { due } = this.#count;
    const late = Math.max(this.#clock.now() - due.wall, this.#clock.monotonic() - due.monotonic);
    this.#count.unanswered = late > lateTimer ? 1 : this.#count.unanswered + 1;
    if (this.#isOverdue) {
      // Timers run before received data is read: after a busy period, the reply is read first.
      setImmediate(guarded(() => this.#giveUp()));
      return;
    }
    this.#count.lastProbe = this.#clock.monotonic();
    this.#send();
    this.#armGrace();
    this.#armNext();
  }

  #giveUp(): void {
    if (this.#stopped || this.#noticeLife()) {
      return;
    }
    if (this.#isOverdue) {
      this.dispose();
      this.#events.onDead();
    } else {
      this.#armNext();
    }
  }

  /** Whether data has arrived since the last call. If so, the count restarts. */
  #noticeLife(): boolean {
    const last = this.#connection.lastReceived;
    if (last <= this.#seen || this.#stopped) {
      return false;
    }
    if (last - this.#count.lastProbe > Math.max(1000, this.#interval / 2)) {
      this.#prober.noteOtherData();
    }
    this.#seen = last;
    this.#onAlive();
    this.#armNext();
    return true;
  }

  #onAlive(): void {
    this.#count.unanswered = 0;
    this.#timers.grace?.dispose();
    this.#timers.recheck?.dispose();
    this.#setHealth({ kind: "alive" });
  }

  #onAnswer(): void {
    if (!this.#noticeLife()) {
      this.#onAlive();
    }
  }

  #send(): void {
    const now = this.#clock.monotonic();
    const behind = Math.min(longestSendDelay, this.#connection.sendDelay);
    this.#count.excusedUntil = Math.max(this.#count.excusedUntil, now + behind);
    this.#prober.send(() => this.#onAnswer());
  }

  /** The peer becomes suspect when its reply takes longer than usual. */
  #armGrace(): void {
    this.#timers.grace?.dispose();
    const usual = Math.min(this.#interval / 2, Math.max(500, 4 * this.#prober.usualRoundTrip));
    const excused = Math.max(0, this.#count.excusedUntil - this.#clock.monotonic());
    this.#timers.grace = this.#clock.setTimeout(() => {
      if (this.#noticeLife() || this.#health.kind === "hung" || this.probesIgnored) {
        return;
      }
      const { unanswered, lastProbe } = this.#count;
      const remaining = this.#countMax - unanswered + 1;
      this.#setHealth({
        kind: "suspect",
        unanswered,
        countMax: this.#countMax,
        deadAt: this.#clock.now() + lastProbe + remaining * this.#interval - this.#clock.monotonic(),
      });
      this.#recheck();
    }, usual + excused);
  }

  /** There is no event per received byte: poll until data comes. */
  #recheck(): void {
    this.#timers.recheck?.dispose();
    this.#timers.recheck = this.#clock.setTimeout(() => {
      if (!this.#noticeLife()) {
        this.#recheck();
      }
    }, recheckInterval);
  }

  #onProbesIgnored(): void {
    this.#events.onProbesIgnored(this.probesIgnored);
    if (this.probesIgnored) {
      this.#urgent.settle(true);
      this.#setHealth({ kind: "alive" });
    }
  }

  #setHealth(health: Health): void {
    if (health.kind !== "alive" || this.#health.kind !== "alive") {
      this.#health = health;
      this.#events.onHealth(health);
    }
  }
}
