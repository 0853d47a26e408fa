import type { Clock } from "../base/clock.ts";
import type { Disposable } from "../base/disposable.ts";
import type { KeepalivePolicy } from "../config/hostConfig.ts";
import type { EngineConnection } from "../engine/connectionEngine.ts";

/** What the heartbeat thinks of the peer. Times are wall-clock milliseconds. */
export type Health =
  | { readonly kind: "alive" }
  /** A probe has been out for longer than it should. */
  | {
      readonly kind: "suspect";
      readonly unanswered: number;
      readonly countMax: number;
      readonly deadAt: number;
    }
  /** It did not answer an urgent probe; the ordinary count goes on, so that a network that comes back can save it. */
  | { readonly kind: "hung"; readonly silentSince: number };

export interface HeartbeatEvents {
  onHealth(health: Health): void;
  /** Milliseconds. */
  onRoundTrip(milliseconds: number): void;
  /** `countMax` probes stayed unanswered. Called once; the heartbeat has stopped. */
  onDead(): void;
  /** The peer does things, but has never answered a probe: from now on its silence proves nothing. */
  onProbesIgnored(ignored: boolean): void;
}

/** A look that comes this late was not ours to make: this process slept, or was busy. Milliseconds. */
const lateLook = 1000;
/** While the peer is suspect or hung, any sign of life shows within this time. Milliseconds. */
const recheck = 500;
/** An urgent probe waits no longer than this, however slow the answers have been. Milliseconds. */
const longestUrgent = 5000;
/** What arrives this soon after an urgent probe may have waited in our own kernel since before a sleep. Milliseconds. */
const staleAfterProbe = 200;
/** How much later than its other answers a peer's answer to a probe may come. Milliseconds. */
const answerPatience = 1000;
/** From so many round trips, the shortest is taken as usual: one that lasted through a sleep says nothing. */
const recentKept = 5;

/**
 * Notices peers that have gone silent, with the semantics of OpenSSH's ServerAliveInterval and
 * ServerAliveCountMax (clientloop.c, server_alive_check): any received data counts as life; a probe is sent
 * after `interval` of silence and then once an interval; when one more would be due after `countMax`
 * unanswered ones, the peer is dead.
 */
export class Heartbeat implements Disposable {
  readonly #clock: Clock;
  readonly #connection: Pick<EngineConnection, "lastReceived" | "ping">;
  readonly #events: HeartbeatEvents;
  readonly #stop = new AbortController();
  #interval = 0;
  #countMax = 1;
  #seen: number;
  #unanswered = 0;
  #lastProbe: number;
  #firstProbe: number | undefined;
  #due = { wall: 0, monotonic: 0 };
  #recent: readonly number[] = [];
  #answeredOnce = false;
  #outstanding = 0;
  #ignoreMissingReplies: boolean;
  #probesIgnored: boolean;
  #health: Health = { kind: "alive" };
  #timer: Disposable | undefined;
  #grace: Disposable | undefined;
  #recheck: Disposable | undefined;
  #learning: Disposable | undefined;

  constructor(
    clock: Clock,
    connection: Pick<EngineConnection, "lastReceived" | "ping">,
    policy: KeepalivePolicy,
    ignoreMissingReplies: boolean,
    events: HeartbeatEvents,
  ) {
    this.#clock = clock;
    this.#connection = connection;
    this.#events = events;
    this.#seen = connection.lastReceived;
    this.#ignoreMissingReplies = ignoreMissingReplies;
    this.#probesIgnored = ignoreMissingReplies;
    this.#lastProbe = clock.monotonic();
    this.setPolicy(policy, ignoreMissingReplies);
    if (this.#interval > 0) {
      // Tells the round trip at once, and whether this peer answers probes at all.
      this.#send();
    }
  }

  get probesIgnored(): boolean {
    return this.#probesIgnored;
  }

  /** Takes effect at once, measured from the last sign of life. */
  setPolicy(policy: KeepalivePolicy, ignoreMissingReplies: boolean): void {
    const interval = policy.serverAliveInterval * 1000;
    const changed = interval !== this.#interval || policy.serverAliveCountMax !== this.#countMax;
    this.#interval = interval;
    this.#countMax = policy.serverAliveCountMax;
    if (ignoreMissingReplies !== this.#ignoreMissingReplies) {
      this.#ignoreMissingReplies = ignoreMissingReplies;
      this.#setProbesIgnored(ignoreMissingReplies);
    }
    if (changed) {
      this.#unanswered = 0;
      this.#grace?.dispose();
      if (this.#health.kind === "suspect") {
        this.#setHealth({ kind: "alive" });
      }
      this.#arm();
    }
  }

  /**
   * Asks for life now, outside the interval (after a wake, a change of addresses, before reuse). The ordinary count
   * goes on as it was.
   * @returns whether anything came within `deadline` milliseconds (more where the round trip is long);
   *   if not, the health is `hung` until something does.
   */
  probeNow(deadline: number): Promise<boolean> {
    if (this.#stop.signal.aborted) {
      return Promise.resolve(false);
    }
    if (this.#probesIgnored) {
      return Promise.resolve(true);
    }
    const asked = this.#clock.monotonic();
    return new Promise((resolve) => {
      let timer: Disposable | undefined;
      const finish = (alive: boolean): void => {
        timer?.dispose();
        this.#stop.signal.removeEventListener("abort", onStop);
        resolve(alive);
      };
      const onStop = (): void => finish(false);
      timer = this.#clock.setTimeout(
        () => {
          if (this.#connection.lastReceived >= asked + staleAfterProbe || this.#probesIgnored) {
            finish(true);
            return;
          }
          this.#noticeLife();
          this.#setHealth({
            kind: "hung",
            silentSince: this.#clock.now() - (this.#clock.monotonic() - this.#connection.lastReceived),
          });
          this.#lookAgain();
          finish(false);
        },
        Math.min(longestUrgent, Math.max(deadline, 4 * this.#usualRoundTrip)),
      );
      this.#stop.signal.addEventListener("abort", onStop);
      this.#send(() => finish(true));
    });
  }

  /**
   * The peer has answered something that was asked at `asked` (monotonic milliseconds). Servers work in order: one that
   * does so and has not answered a single probe that was sent before will never do it.
   */
  noteReply(asked: number): void {
    const asksUnheard = this.#firstProbe !== undefined && this.#firstProbe <= asked && !this.#answeredOnce;
    if (asksUnheard && !this.#probesIgnored && this.#learning === undefined && !this.#stop.signal.aborted) {
      this.#learning = this.#clock.setTimeout(() => {
        this.#learning = undefined;
        if (!this.#answeredOnce && !this.#probesIgnored) {
          this.#setProbesIgnored(true);
        }
      }, answerPatience);
    }
  }

  dispose(): void {
    for (const timer of [this.#timer, this.#grace, this.#recheck, this.#learning]) {
      timer?.dispose();
    }
    this.#stop.abort();
  }

  get #usualRoundTrip(): number {
    return this.#recent.length === 0 ? 0 : Math.min(...this.#recent);
  }

  /** One more probe would be due, and none of those that count was answered. */
  get #isOverdue(): boolean {
    return this.#unanswered > this.#countMax && !this.#probesIgnored;
  }

  #arm(): void {
    this.#timer?.dispose();
    this.#timer = undefined;
    if (this.#interval === 0 || this.#stop.signal.aborted) {
      return;
    }
    const from = this.#unanswered > 0 ? this.#lastProbe : Math.max(this.#seen, this.#lastProbe);
    const delay = Math.max(0, from + this.#interval - this.#clock.monotonic());
    this.#due = { wall: this.#clock.now() + delay, monotonic: this.#clock.monotonic() + delay };
    this.#timer = this.#clock.setTimeout(() => this.#tick(), delay);
  }

  #tick(): void {
    if (this.#noticeLife()) {
      return;
    }
    // Either clock may stand still during a sleep. What came meanwhile has not been read yet, and time in which
    // nobody could listen does not count against the peer.
    const late = Math.max(this.#clock.now() - this.#due.wall, this.#clock.monotonic() - this.#due.monotonic);
    this.#unanswered = late > lateLook ? 1 : this.#unanswered + 1;
    if (this.#isOverdue) {
      // Timers run before what has arrived in the meantime is read: a process that was busy finds the answer there.
      setImmediate(() => this.#giveUp());
      return;
    }
    this.#lastProbe = this.#clock.monotonic();
    this.#send();
    this.#watchGrace();
    this.#arm();
  }

  #giveUp(): void {
    if (this.#stop.signal.aborted || this.#noticeLife()) {
      return;
    }
    if (this.#isOverdue) {
      this.dispose();
      this.#events.onDead();
    } else {
      this.#arm();
    }
  }

  /** Has anything arrived since we last looked? If so, the count begins anew. */
  #noticeLife(): boolean {
    const last = this.#connection.lastReceived;
    if (last <= this.#seen || this.#stop.signal.aborted) {
      return false;
    }
    // Data well after the probe and no answer, ever: the peer does not speak keepalive@openssh.com.
    // (An answer queued behind a flood still comes, and takes this back.)
    const late = last - this.#lastProbe > Math.max(1000, this.#interval / 2);
    if (this.#outstanding > 0 && !this.#answeredOnce && late && !this.#probesIgnored) {
      this.#setProbesIgnored(true);
    }
    this.#seen = last;
    this.#unanswered = 0;
    this.#grace?.dispose();
    this.#recheck?.dispose();
    this.#setHealth({ kind: "alive" });
    this.#arm();
    return true;
  }

  #send(onAnswer?: () => void): void {
    this.#outstanding++;
    this.#firstProbe ??= this.#clock.monotonic();
    this.#connection.ping(this.#stop.signal).then(
      (milliseconds) => {
        this.#outstanding--;
        this.#answeredOnce = true;
        this.#recent = [...this.#recent.slice(1 - recentKept), milliseconds];
        if (this.#stop.signal.aborted) {
          return;
        }
        if (this.#probesIgnored) {
          this.#setProbesIgnored(false);
        }
        this.#noticeLife();
        this.#recheck?.dispose();
        this.#setHealth({ kind: "alive" });
        this.#events.onRoundTrip(milliseconds);
        onAnswer?.();
      },
      () => {
        // Aborted, or the connection ended, which its own event tells.
        this.#outstanding--;
      },
    );
  }

  #watchGrace(): void {
    this.#grace?.dispose();
    const grace = Math.min(this.#interval / 2, Math.max(500, 4 * this.#usualRoundTrip));
    this.#grace = this.#clock.setTimeout(() => {
      if (this.#noticeLife() || this.#health.kind === "hung" || this.#probesIgnored) {
        return;
      }
      const remaining = this.#countMax - this.#unanswered + 1;
      this.#setHealth({
        kind: "suspect",
        unanswered: this.#unanswered,
        countMax: this.#countMax,
        deadAt: this.#clock.now() + this.#lastProbe + remaining * this.#interval - this.#clock.monotonic(),
      });
      this.#lookAgain();
    }, grace);
  }

  /** Nothing tells of single bytes: until the peer shows life, it is looked for. */
  #lookAgain(): void {
    this.#recheck?.dispose();
    this.#recheck = this.#clock.setTimeout(() => {
      if (!this.#noticeLife()) {
        this.#lookAgain();
      }
    }, recheck);
  }

  #setProbesIgnored(ignored: boolean): void {
    this.#probesIgnored = ignored;
    this.#events.onProbesIgnored(ignored);
    if (ignored) {
      this.#setHealth({ kind: "alive" });
    }
  }

  #setHealth(health: Health): void {
    if (health.kind === "alive" && this.#health.kind === "alive") {
      return;
    }
    this.#health = health;
    this.#events.onHealth(health);
  }
}
