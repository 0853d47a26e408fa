/**
 * The assumed minimum rate of a link for our data, in bytes per second: half of 64 kbit/s, for headers, losses and
 * other traffic.
 */
const slowestLink = 4 * 1024;

/**
 * Estimates how much of our own data may be queued before a message sent now: in the socket, in the kernel, in a
 * modem. No system call reports all of it, so the estimate uses what was sent and when.
 */
export class OutgoingBacklog {
  #bytes = 0;
  #at = 0;

  /** Records bytes that were passed to the socket. `now`: monotonic milliseconds. */
  sent(bytes: number, now: number): void {
    this.#bytes = this.#left(now) + bytes;
    this.#at = now;
  }

  /**
   * How long a message sent now may be delayed, in milliseconds.
   * @param unacknowledged bytes that the peer has not confirmed: no more than these can be queued.
   */
  delay(now: number, unacknowledged: number): number {
    return (Math.min(this.#left(now), unacknowledged) / slowestLink) * 1000;
  }

  #left(now: number): number {
    return Math.max(0, this.#bytes - ((now - this.#at) / 1000) * slowestLink);
  }
}
