import type { Clock } from "../base/clock.ts";
import type { Disposable } from "../base/disposable.ts";
import type { EngineConnection } from "../engine/connectionEngine.ts";

/** What the heartbeat needs of a connection. */
export type ProbedConnection = Pick<EngineConnection, "lastReceived" | "ping" | "probeChannel" | "sendDelay">;

export interface ProberEvents {
  /** Milliseconds. */
  onRoundTrip(milliseconds: number): void;
  /** `provesNothing` changed. */
  onProves(): void;
}

/** How much later than its other answers a peer's answer to a probe may come. Milliseconds. */
const answerPatience = 1000;
/** Of so many round trips the shortest is taken as usual: one that lasted through a sleep means nothing. */
const recentKept = 5;

/** A way to ask for life, and what is known of the peer's answers to it. */
class ProbeKind {
  answered = false;
  ignored = false;
  #outstanding = 0;
  firstSent: number | undefined;
  readonly #ask: () => Promise<number>;

  constructor(ask: () => Promise<number>) {
    this.#ask = ask;
  }

  /** It was asked, and has never been answered. */
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
        // Aborted, or the connection ended. Its own event reports that.
        this.#outstanding--;
      },
    );
  }
}

/**
 * Asks the peer for a sign of life. First by a global request (`keepalive@openssh.com`), as OpenSSH does. Some devices
 * ignore it, although RFC 4254 section 4 demands an answer: until one has answered, it is also asked to open a channel.
 */
export class Prober implements Disposable {
  readonly #clock: Clock;
  readonly #events: ProberEvents;
  readonly #stop = new AbortController();
  readonly #requests: ProbeKind;
  readonly #channels: ProbeKind;
  #recent: readonly number[] = [];
  #learning: Disposable | undefined;
  #provesNothing = false;

  constructor(clock: Clock, connection: ProbedConnection, events: ProberEvents) {
    this.#clock = clock;
    this.#events = events;
    this.#requests = new ProbeKind(() => connection.ping(this.#stop.signal));
    this.#channels = new ProbeKind(() => connection.probeChannel(this.#stop.signal));
  }

  /** The peer answers neither kind of probe while other data comes from it: its silence proves nothing. */
  get provesNothing(): boolean {
    return this.#provesNothing;
  }

  /** Milliseconds; 0 before the first answer. */
  get usualRoundTrip(): number {
    return this.#recent.length === 0 ? 0 : Math.min(...this.#recent);
  }

  /** `onAnswer` may be called later, also after data that was no answer. */
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
    // Most peers answer the first request: they are spared the channel.
    if (!this.#requests.answered && !isFirst) {
      this.#channels.send(now, answered);
    }
  }

  /** As `send`, when life is asked for at once: no later probe will make up for one that is ignored. */
  sendUrgently(onAnswer: () => void): void {
    this.#requests.firstSent ??= this.#clock.monotonic();
    this.send(onAnswer);
  }

  /**
   * The peer has answered what it was asked at `asked` (monotonic milliseconds). Servers work in order: a request that
   * was sent before and is still not answered will never be.
   */
  noteReply(asked: number): void {
    const { firstSent } = this.#requests;
    if (
      firstSent !== undefined &&
      firstSent <= asked &&
      this.#requests.isUnheard &&
      !this.#requests.ignored
    ) {
      this.#learning ??= this.#clock.setTimeout(() => {
        this.#learning = undefined;
        this.#requests.ignored = !this.#requests.answered;
        this.#judge();
      }, answerPatience);
    }
  }

  /** Data came well after the last probe, and it was no answer. An answer behind a flood takes this back. */
  noteOtherData(): void {
    for (const kind of [this.#requests, this.#channels]) {
      kind.ignored ||= kind.isUnheard;
    }
    this.#judge();
  }

  dispose(): void {
    this.#learning?.dispose();
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
