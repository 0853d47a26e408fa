import type { Clock } from "../base/clock.ts";
import type { Disposable } from "../base/disposable.ts";
import type { EngineConnection } from "../engine/connectionEngine.ts";

/** What the heartbeat needs from a connection. */
export type ProbedConnection = Pick<EngineConnection, "lastReceived" | "ping" | "probeChannel" | "sendDelay">;

export interface ProberEvents {
  /** Milliseconds. */
  onRoundTrip(milliseconds: number): void;
  /** `provesNothing` changed. */
  onProves(): void;
}

/** The shortest of this many round trips is the usual one: one that lasted through a sleep means nothing. */
const recentKept = 5;

/** One kind of probe, and what is known about the peer's replies to it. */
class ProbeKind {
  answered = false;
  ignored = false;
  #outstanding = 0;
  firstSent: number | undefined;
  readonly #ask: () => Promise<number>;

  constructor(ask: () => Promise<number>) {
    this.#ask = ask;
  }

  /** It was sent and has never had a reply. */
  get isUnheard(): boolean {
    return this.#outstanding > 0 && !this.answered;
  }

  send(now: number, onAnswer: (milliseconds: number) => void): void {
    this.#outstanding++;
    this.firstSent ??= now;
    this.#ask().then(
      (milliseconds) => {
        this.#outstanding--;
        this.answered = true;
        this.ignored = false;
        onAnswer(milliseconds);
      },
      () => {
        // Aborted, or the connection ended, which has its own event.
        this.#outstanding--;
      },
    );
  }
}

/**
 * Sends probes. The first kind is a global request (`keepalive@openssh.com`), as in OpenSSH. Some devices ignore it,
 * although RFC 4254 section 4 requires a reply: until one has come, a channel is opened as well.
 */
export class Prober implements Disposable {
  readonly #clock: Clock;
  readonly #events: ProberEvents;
  readonly #stop = new AbortController();
  readonly #requests: ProbeKind;
  readonly #channels: ProbeKind;
  #recent: readonly number[] = [];
  #provesNothing = false;

  constructor(clock: Clock, connection: ProbedConnection, events: ProberEvents) {
    this.#clock = clock;
    this.#events = events;
    this.#requests = new ProbeKind(() => connection.ping(this.#stop.signal));
    this.#channels = new ProbeKind(() => connection.probeChannel(this.#stop.signal));
  }

  /** The peer replies to neither kind of probe while it sends other data: its silence proves nothing. */
  get provesNothing(): boolean {
    return this.#provesNothing;
  }

  /** Milliseconds; 0 before the first reply. */
  get usualRoundTrip(): number {
    return this.#recent.length === 0 ? 0 : Math.min(...this.#recent);
  }

  /** `onAnswer` may be called later, also after other data. */
  send(onAnswer: () => void): void {
    const now = this.#clock.monotonic();
    const isFirst = this.#requests.firstSent === undefined;
    const answered = (milliseconds: number): void => {
      if (!this.#stop.signal.aborted) {
        this.#recent = [...this.#recent.slice(1 - recentKept), milliseconds];
        this.#judge();
        this.#events.onRoundTrip(milliseconds);
        onAnswer();
      }
    };
    this.#requests.send(now, answered);
    // Most peers reply to the first request: they need no channel.
    if (!this.#requests.answered && !isFirst) {
      this.#channels.send(now, answered);
    }
  }

  /** Like `send`, for an urgent probe: no later probe makes up for an ignored one. */
  sendUrgently(onAnswer: () => void): void {
    this.#requests.firstSent ??= this.#clock.monotonic();
    this.send(onAnswer);
  }

  /** Data that was not a reply came well after the last probe. A reply behind a flood takes this back. */
  noteOtherData(): void {
    for (const kind of [this.#requests, this.#channels]) {
      kind.ignored ||= kind.isUnheard;
    }
    this.#judge();
  }

  dispose(): void {
    this.#stop.abort();
  }

  #judge(): void {
    const provesNothing = this.#requests.ignored && this.#channels.ignored;
    if (provesNothing !== this.#provesNothing && !this.#stop.signal.aborted) {
      this.#provesNothing = provesNothing;
      this.#events.onProves();
    }
  }
}
