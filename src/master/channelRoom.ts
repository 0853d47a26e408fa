import { raceSignal } from "../base/deadline.ts";
import type { EngineChannel } from "../engine/connectionEngine.ts";
import { ChannelError } from "../engine/engineErrors.ts";

/** How many session channels a server accepts on one connection (OpenSSH: MaxSessions), learned from its refusals. */
export class ChannelRoom {
  #limit: number | undefined;
  /** Open and opening channels. */
  #taken = 0;
  readonly #others: () => number;
  #lastOthers = 0;
  #wasUsed = false;
  /** Channel requests that the server has not replied to yet. */
  readonly #opening = new Set<Promise<unknown>>();

  /**
   * @param limit known from another connection to the same server.
   * @param others sessions of other programs that share the connection: the server counts them, too.
   */
  constructor(limit: number | undefined, others: () => number = () => 0) {
    this.#limit = limit;
    this.#others = others;
  }

  /** How many channels the server had accepted when it refused one more. Undefined: there may be room. */
  get limit(): number | undefined {
    return this.#limit;
  }

  get isFull(): boolean {
    return this.#limit !== undefined && this.#sessions >= this.#limit;
  }

  /** The server has opened a session before: a refusal now means that it is full, not that it allows no sessions. */
  get wasUsed(): boolean {
    return this.#wasUsed || this.#others() > 0;
  }

  /** The server has refused a session while these are open. */
  noteRefusal(): void {
    if (this.#sessions > 0) {
      this.#limit = this.#sessions;
    }
  }

  /** Sessions of other programs came or went. */
  noteOthers(): void {
    const others = this.#others();
    if (others < this.#lastOthers) {
      // As when a session of ours closes.
      this.#limit = undefined;
    }
    this.#lastOthers = others;
  }

  get #sessions(): number {
    return this.#taken + this.#others();
  }

  /** Runs `openChannel`, and counts the channel until it closes. Rejects as it does, or with the signal's reason. */
  async open(openChannel: () => Promise<EngineChannel>, signal: AbortSignal): Promise<EngineChannel> {
    // Counted from now, so that later callers see that the room is taken.
    this.#taken++;
    const opening = openChannel();
    this.#opening.add(opening);
    try {
      const channel = await opening;
      this.#opening.delete(opening);
      this.#wasUsed = true;
      channel.onDidClose(() => {
        this.#taken--;
        // There may be room again; or there was always more, and a session had just not ended there yet.
        this.#limit = undefined;
      });
      return channel;
    } catch (error) {
      this.#taken--;
      this.#opening.delete(opening);
      if (ChannelError.is(error) && error.reason === "refused") {
        // RFC 4254 section 5.1. Wait for the pending requests, sent before or after this one: only then is the number
        // of accepted channels known.
        await raceSignal(Promise.allSettled(this.#opening), signal);
        this.noteRefusal();
      }
      throw error;
    }
  }
}
