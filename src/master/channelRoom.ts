import { raceSignal } from "../base/deadline.ts";
import type { EngineChannel } from "../engine/connectionEngine.ts";
import { ChannelError } from "../engine/engineErrors.ts";

/** How many session channels a server takes on one connection (OpenSSH: MaxSessions), learned from its refusals. */
export class ChannelRoom {
  #limit: number | undefined;
  /** Channels that are open, or about to be. */
  #taken = 0;
  #wasUsed = false;
  /** Requests for a channel that the server has not answered yet. */
  readonly #opening = new Set<Promise<unknown>>();

  /** @param limit where another connection to the same server tells. */
  constructor(limit: number | undefined) {
    this.#limit = limit;
  }

  /** How many channels the server took when it refused one more. Undefined: there may be room. */
  get limit(): number | undefined {
    return this.#limit;
  }

  get isFull(): boolean {
    return this.#limit !== undefined && this.#taken >= this.#limit;
  }

  /** The server has opened a session before: a refusal now means that it is full, not that it allows no sessions. */
  get wasUsed(): boolean {
    return this.#wasUsed;
  }

  /** Runs `openChannel`, and keeps account of the channel until it closes. Rejects as it does, or with the signal's reason. */
  async open(openChannel: () => Promise<EngineChannel>, signal: AbortSignal): Promise<EngineChannel> {
    // Counted from now, so that those who come meanwhile see that the room is taken.
    this.#taken++;
    const opening = openChannel();
    this.#opening.add(opening);
    try {
      const channel = await opening;
      this.#opening.delete(opening);
      this.#wasUsed = true;
      channel.onDidClose(() => {
        this.#taken--;
        // There may be room again; or there was more all along, and a session had just not ended there yet.
        this.#limit = undefined;
      });
      return channel;
    } catch (error) {
      this.#taken--;
      this.#opening.delete(opening);
      if (ChannelError.is(error) && error.reason === "refused") {
        // RFC 4254 section 5.1. What is still on its way was asked for before or after this: only when that is
        // settled can be said how many it takes.
        await raceSignal(Promise.allSettled(this.#opening), signal);
        if (this.#taken > 0) {
          this.#limit = this.#taken;
        }
      }
      throw error;
    }
  }
}
