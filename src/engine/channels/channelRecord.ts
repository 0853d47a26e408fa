import { systemClock } from "../../base/clock.ts";
import { printable } from "../../base/log.ts";
import type { ChannelDetails, ChannelMoment } from "../connectionEngine.ts";

type Request = ChannelDetails["requests"][number];
export type RequestOutcome = Request["outcome"];

/** The number of requests kept for `details` (a window is often resized). */
const rememberedRequests = 100;

/** The history of a channel, for display: its requests and the steps of its life. */
export class ChannelRecord {
  #requests: { -readonly [K in keyof Request]: Request[K] }[] = [];
  /** The first of each kind. */
  readonly #moments: ChannelMoment[] = [];

  get requests(): ChannelDetails["requests"] {
    return this.#requests.map((request) => ({ ...request }));
  }

  get moments(): readonly ChannelMoment[] {
    return [...this.#moments];
  }

  /** Whether a request of this name was refused. */
  wasRefused(name: string): boolean {
    return this.#requests.some((request) => request.name === name && request.outcome === "refused");
  }

  /** @returns the entry, whose outcome the caller sets when the reply comes. */
  request(name: string, detail: string, outcome: RequestOutcome): { outcome: RequestOutcome } {
    const entry = { name, detail: printable(detail), at: systemClock.now(), outcome };
    this.#requests.push(entry);
    if (this.#requests.length > rememberedRequests) {
      // Keep the oldest, which show how the session began, and drop later resizes.
      this.#requests.splice(rememberedRequests / 2, 1);
    }
    return entry;
  }

  note(kind: ChannelMoment["kind"]): void {
    if (!this.#moments.some((moment) => moment.kind === kind)) {
      this.#moments.push(Object.freeze({ kind, at: systemClock.now() }));
    }
  }
}
