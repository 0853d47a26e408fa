/** What a link carries of our data at least, in bytes a second: half of 64 kbit/s, for headers, losses and other traffic. */
const slowestLink = 4 * 1024;

/**
 * How much of our own data may still be in front of a message that is sent now: in the socket, in the kernel, in a
 * modem. No system call tells all of it, so it is estimated from what was sent and when.
 */
export class OutgoingBacklog {
  #bytes = 0;
  #at = 0;

  /** So much was handed to the socket. `now`: monotonic milliseconds. */
  sent(bytes: number, now: number): void {
    this.#bytes = this.#left(now) + bytes;
    this.#at = now;
  }

  /**
   * How long a message that is sent now may take to leave, in milliseconds.
   * @param unacknowledged bytes that the peer has not shown to have: no more than these can be in front.
   */
  delay(now: number, unacknowledged: number): number {
    return (Math.min(this.#left(now), unacknowledged) / slowestLink) * 1000;
  }

  #left(now: number): number {
    return Math.max(0, this.#bytes - ((now - this.#at) / 1000) * slowestLink);
  }
}
