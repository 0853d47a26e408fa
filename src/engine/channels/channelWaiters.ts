/** The promises of a channel that the peer's messages settle. */
export class ChannelWaiters {
  /** Requests that want a reply, oldest first: replies come in this order (RFC 4254 section 5.4). */
  #replies: ((accepted: boolean | undefined) => void)[] = [];
  /** Settled by the first message that only a started program can cause. */
  #life: ((alive: true | undefined) => void)[] = [];

  /** @param settle called with the peer's decision; undefined: the channel ended first. */
  forReply(settle: (accepted: boolean | undefined) => void): void {
    this.#replies.push(settle);
  }

  untilAlive(): Promise<true | undefined> {
    return new Promise((resolve) => {
      this.#life.push(resolve);
    });
  }

  /** @returns false when no request waits for a reply */
  reply(accepted: boolean): boolean {
    const settle = this.#replies.shift();
    settle?.(accepted);
    return settle !== undefined;
  }

  alive(): void {
    this.#settleLife(true);
  }

  end(): void {
    const replies = this.#replies;
    this.#replies = [];
    for (const settle of replies) {
      settle(undefined);
    }
    this.#settleLife(undefined);
  }

  #settleLife(alive: true | undefined): void {
    const waiting = this.#life;
    this.#life = [];
    for (const settle of waiting) {
      settle(alive);
    }
  }
}
