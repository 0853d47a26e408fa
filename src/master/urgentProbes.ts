import type { Clock } from "../base/clock.ts";
import type { Disposable } from "../base/disposable.ts";
import type { ProbedConnection, Prober } from "./prober.ts";

/**
 * Data that arrives this soon after an urgent probe may have waited in our own kernel since before a sleep.
 * Milliseconds.
 */
const staleAfterProbe = 200;
/** Our own data queued before a probe excuses silence for no longer than this. Milliseconds. */
export const longestSendDelay = 30_000;

/** Probes whose replies a caller waits for. */
export class UrgentProbes implements Disposable {
  readonly #clock: Clock;
  readonly #connection: ProbedConnection;
  readonly #prober: Prober;
  readonly #waiting = new Set<(alive: boolean) => void>();

  constructor(clock: Clock, connection: ProbedConnection, prober: Prober) {
    this.#clock = clock;
    this.#connection = connection;
    this.#prober = prober;
  }

  /**
   * @param deadline milliseconds.
   * @param onAnswer the reply came, in time or late.
   * @returns whether any data came in time.
   */
  send(deadline: number, onAnswer: () => void): Promise<boolean> {
    const asked = this.#clock.monotonic();
    // Read it before the probe is sent: the probe itself does not count.
    const behind = Math.min(longestSendDelay, this.#connection.sendDelay);
    return new Promise((resolve) => {
      const finish = (alive: boolean): void => {
        timer.dispose();
        this.#waiting.delete(finish);
        resolve(alive);
      };
      const timer = this.#clock.setTimeout(
        () => finish(this.#connection.lastReceived >= asked + staleAfterProbe),
        deadline + behind,
      );
      this.#waiting.add(finish);
      this.#prober.sendUrgently(() => {
        onAnswer();
        finish(true);
      });
    });
  }

  /** The peer has replied to another request, or its silence turned out to prove nothing. */
  settle(alive: boolean): void {
    for (const finish of [...this.#waiting]) {
      finish(alive);
    }
  }

  dispose(): void {
    this.settle(false);
  }
}
