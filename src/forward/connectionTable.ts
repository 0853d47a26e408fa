import type { Clock } from "../base/clock.ts";
import type { ForwardConnection, ForwardSnapshot } from "./forwardTypes.ts";

/** The number of connections in a snapshot. */
const namedConnections = 50;

/** A rate is measured over at least this many milliseconds. */
const rateSpan = 1000;

interface Open {
  readonly id: number;
  readonly from: string | undefined;
  readonly since: number;
  to: string | undefined;
  sent: number;
  received: number;
  /** Its connection was made, and the target has sent nothing yet. */
  isUnanswered: boolean;
}

type Counts = Pick<
  ForwardSnapshot,
  "connections" | "openConnections" | "taken" | "failed" | "sent" | "received" | "rate" | "lastFailure"
>;

/** One connection's entry; `end` is idempotent. */
export interface ConnectionEntry {
  goesTo(target: string): void;
  /** The connection to the target was made. */
  made(): void;
  count(direction: "toTarget" | "fromTarget", bytes: number): void;
  /** @param failure why it could not be made. */
  end(failure?: Error): void;
}

/** The connections through one forward, with their traffic. */
export class ConnectionTable {
  readonly #clock: Clock;
  readonly #onChange: () => void;
  readonly #open = new Map<number, Open>();
  #unanswered = 0;
  #taken = 0;
  #failed = 0;
  #sent = 0;
  #received = 0;
  #lastFailure: Error | undefined;
  #rate = 0;
  #measured = { at: 0, bytes: 0 };

  constructor(clock: Clock, onChange: () => void) {
    this.#clock = clock;
    this.#onChange = onChange;
  }

  /** Open connections whose target has sent nothing. */
  get unanswered(): number {
    return this.#unanswered;
  }

  begin(from: string | undefined, to: string | undefined): ConnectionEntry {
    const open: Open = {
      ...{ id: ++this.#taken, from, to, since: this.#clock.now() },
      ...{ sent: 0, received: 0, isUnanswered: false },
    };
    this.#open.set(open.id, open);
    this.#onChange();
    return {
      goesTo: (target) => {
        open.to = target;
      },
      made: () => {
        open.isUnanswered = true;
        this.#unanswered++;
      },
      count: (direction, bytes) => {
        if (direction === "toTarget") {
          open.sent += bytes;
          this.#sent += bytes;
        } else {
          open.received += bytes;
          this.#received += bytes;
          this.#answered(open);
        }
      },
      end: (failure) => {
        if (this.#open.delete(open.id)) {
          this.#answered(open);
          if (failure !== undefined) {
            this.turnedAway(failure);
          } else if (open.received > 0) {
            this.#lastFailure = undefined;
          }
          this.#onChange();
        }
      },
    };
  }

  /** A connection could not be made. */
  turnedAway(failure: Error): void {
    this.#failed++;
    this.#lastFailure = failure;
  }

  snapshot(): Counts {
    const newest = [...this.#open.values()].slice(-namedConnections).reverse();
    return {
      connections: newest.map(({ isUnanswered: _, ...open }): ForwardConnection => Object.freeze(open)),
      openConnections: this.#open.size,
      taken: this.#taken,
      failed: this.#failed,
      sent: this.#sent,
      received: this.#received,
      rate: this.#measure(),
      lastFailure: this.#lastFailure,
    };
  }

  #answered(open: Open): void {
    if (open.isUnanswered) {
      open.isUnanswered = false;
      this.#unanswered--;
    }
  }

  #measure(): number {
    const now = this.#clock.monotonic();
    const bytes = this.#sent + this.#received;
    const span = now - this.#measured.at;
    if (this.#measured.at === 0) {
      this.#measured = { at: now, bytes };
    } else if (span >= rateSpan) {
      this.#rate = ((bytes - this.#measured.bytes) / span) * 1000;
      this.#measured = { at: now, bytes };
    }
    return this.#rate;
  }
}
