import type { ChannelError } from "../engineErrors.ts";
import type { Channel } from "./channel.ts";

interface Opener {
  resolve(channel: Channel): void;
  reject(error: unknown): void;
  /** The peer refused the channel: its number is free. */
  forget(): void;
}

/** A channel opened by us that the peer has not confirmed yet (RFC 4254 section 5.1). */
export class ChannelOpening {
  readonly #channel: Channel;
  readonly #opener: Opener;
  readonly #signal: AbortSignal;
  #abandoned = false;

  constructor(channel: Channel, opener: Opener, signal: AbortSignal) {
    this.#channel = channel;
    this.#opener = opener;
    this.#signal = signal;
    signal.addEventListener("abort", this.#onAbort, { once: true });
  }

  confirmed(): void {
    this.#signal.removeEventListener("abort", this.#onAbort);
    if (this.#abandoned) {
      this.#channel.close();
    } else {
      this.#opener.resolve(this.#channel);
    }
  }

  failed(error: ChannelError): void {
    this.#signal.removeEventListener("abort", this.#onAbort);
    this.#opener.forget();
    this.#opener.reject(error);
  }

  readonly #onAbort = (): void => {
    // The number stays in use: the peer may still confirm, and the channel is closed then.
    this.#abandoned = true;
    this.#opener.reject(this.#signal.reason);
  };
}
