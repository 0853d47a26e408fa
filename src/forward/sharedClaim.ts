import type { ForwardClaim } from "./forwardPorts.ts";

/** What one forward holds of the claims of all windows, in its current run. */
export class SharedClaim {
  readonly #claim: (() => Promise<ForwardClaim>) | undefined;
  #held: ForwardClaim | undefined;

  /** @param claim undefined: the forward is not shared */
  constructor(claim: (() => Promise<ForwardClaim>) | undefined) {
    this.#claim = claim;
  }

  /** @returns the other window that makes the forward, if there is one */
  async take(run: AbortSignal): Promise<ForwardClaim["other"]> {
    const claim = await this.#claim?.();
    if (run.aborted) {
      claim?.dispose();
      return undefined;
    }
    this.#held = claim;
    return claim?.other;
  }

  release(): void {
    this.#held?.dispose();
    this.#held = undefined;
  }
}
