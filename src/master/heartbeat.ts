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
      readonly deadAt: number | undefined;
    }
  /** It did not answer an urgent probe; the ordinary count goes on, so that a network that comes back can save it. */
  | { readonly kind: "hung"; readonly silentSince: number };

export interface HeartbeatEvents {
  onHealth(health: Health): void;
  /** Milliseconds. */
  onRoundTrip(milliseconds: number): void;
  /** `countMax` probes stayed unanswered. Called once; the heartbeat has stopped. */
  onDead(): void;
  /** The peer sends data, but has never answered a probe: from now on its silence proves nothing. */
  onProbesIgnored(ignored: boolean): void;
}

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
  #lastProbe = 0;
  #roundTrip: number | undefined;
  #answeredOnce = false;
  #outstanding = 0;
  #probesIgnored: boolean;
  #health: Health = { kind: "alive" };
  #timer: Disposable | undefined;
  #grace: Disposable | undefined;

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
    this.#probesIgnored = ignoreMissingReplies;
    this.#lastProbe = clock.monotonic();
    this.setPolicy(policy);
    if (this.#interval > 0) {
      // Tells the round trip at once, and whether this peer answers probes at all.
      this.#send();
    }
  }

  get probesIgnored(): boolean {
    return this.#probesIgnored;
  }

  /** Takes effect at once, measured from the last sign of life. */
  setPolicy(policy: KeepalivePolicy): void {
    const interval = policy.serverAliveInterval * 1000;
    const changed = interval !== this.#interval || policy.serverAliveCountMax !== this.#countMax;
    this.#interval = interval;
    this.#countMax = policy.serverAliveCountMax;
    if (changed) {
      this.#unanswered = 0;
      this.#setHealth({ kind: "alive" });
      this.#arm();
    }
  }

  /**
   * Asks for life now, outside the interval (after a wake, a change of addresses, before reuse).
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
    // Time that passed while nobody could listen does not count against the peer.
    this.#unanswered = 0;
    this.#lastProbe = this.#clock.monotonic();
    this.#arm();
    const before = this.#connection.lastReceived;
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
          if (this.#connection.lastReceived > before) {
            finish(true);
            return;
          }
          this.#setHealth({
            kind: "hung",
            silentSince: this.#clock.now() - (this.#clock.monotonic() - this.#connection.lastReceived),
          });
          finish(false);
        },
        Math.max(deadline, 4 * (this.#roundTrip ?? 0)),
      );
      this.#stop.signal.addEventListener("abort", onStop);
      this.#send(() => finish(true));
    });
  }

  dispose(): void {
    this.#timer?.dispose();
    this.#grace?.dispose();
    this.#stop.abort();
  }

  #arm(): void {
    this.#timer?.dispose();
    this.#timer = undefined;
    if (this.#interval === 0 || this.#stop.signal.aborted) {
      return;
    }
    const from = this.#unanswered > 0 ? this.#lastProbe : Math.max(this.#seen, this.#lastProbe);
    const delay = Math.max(0, from + this.#interval - this.#clock.monotonic());
    this.#timer = this.#clock.setTimeout(() => this.#tick(), delay);
  }

  #tick(): void {
    if (this.#noticeLife()) {
      this.#arm();
      return;
    }
    this.#unanswered++;
    if (this.#unanswered > this.#countMax && !this.#probesIgnored) {
      this.dispose();
      this.#events.onDead();
      return;
    }
    this.#lastProbe = this.#clock.monotonic();
    this.#send();
    this.#watchGrace();
    this.#arm();
  }

  /** Has anything arrived since we last looked? */
  #noticeLife(): boolean {
    const last = this.#connection.lastReceived;
    if (last <= this.#seen) {
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
    this.#setHealth({ kind: "alive" });
    return true;
  }

  #send(onAnswer?: () => void): void {
    this.#outstanding++;
    this.#connection.ping(this.#stop.signal).then(
      (milliseconds) => {
        this.#outstanding--;
        this.#answeredOnce = true;
        this.#roundTrip = milliseconds;
        if (this.#stop.signal.aborted) {
          return;
        }
        if (this.#probesIgnored) {
          this.#setProbesIgnored(false);
        }
        this.#noticeLife();
        this.#setHealth({ kind: "alive" });
        this.#events.onRoundTrip(milliseconds);
        onAnswer?.();
        this.#arm();
      },
      () => {
        // Aborted, or the connection ended, which its own event tells.
        this.#outstanding--;
      },
    );
  }

  #watchGrace(): void {
    this.#grace?.dispose();
    const grace = Math.min(this.#interval / 2, Math.max(500, 4 * (this.#roundTrip ?? 0)));
    this.#grace = this.#clock.setTimeout(() => {
      if (this.#noticeLife() || this.#health.kind === "hung") {
        return;
      }
      const remaining = this.#countMax - this.#unanswered + 1;
      this.#setHealth({
        kind: "suspect",
        unanswered: this.#unanswered,
        countMax: this.#countMax,
        deadAt: this.#probesIgnored
          ? undefined
          : this.#clock.now() + this.#lastProbe + remaining * this.#interval - this.#clock.monotonic(),
      });
    }, grace);
  }

  #setProbesIgnored(ignored: boolean): void {
    this.#probesIgnored = ignored;
    this.#events.onProbesIgnored(ignored);
  }

  #setHealth(health: Health): void {
    if (health.kind === "alive" && this.#health.kind === "alive") {
      return;
    }
    this.#health = health;
    this.#events.onHealth(health);
  }
}
