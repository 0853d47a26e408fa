import { type Protocol, utils } from "../ssh2Protocol.ts";

/** Bytes that may wait for the end of our key exchange while the server does not take part in it. */
const queueMark = 4 * 1024 * 1024;

/**
 * The number of messages that may wait: all are encrypted in the turn in which the exchange ends, in about 10 µs
 * each.
 */
const mostQueued = 2_000;

/** The cost of a waiting message besides its bytes, so that a queue of small messages counts fully. */
const queueOverhead = 128;

/** Outgoing packets. During a key exchange ssh2 queues them (RFC 4253 section 7.1); the queue is bounded. */
export class OutgoingPackets {
  readonly #protocol: Protocol;
  readonly #onSent: (bytes: number) => void;
  readonly #sequences = new WeakMap<Buffer, (sequence: number) => void>();
  #queuedBytes = 0;

  /** @param onSent a message of this many bytes was sent under the current keys. */
  constructor(protocol: Protocol, onSent: (bytes: number) => void) {
    this.#protocol = protocol;
    this.#onSent = onSent;
  }

  /** The bytes that wait for the end of a key exchange. */
  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  get isFull(): boolean {
    return this.#queuedBytes > queueMark || (this.#protocol._queue?.length ?? 0) > mostQueued;
  }

  /** @param onSequence receives the packet's sequence number when it is sent. */
  send(
    length: number,
    fill: (packet: Buffer, at: number) => void,
    onSequence?: (sequence: number) => void,
  ): void {
    const protocol = this.#protocol;
    const { write } = protocol._packetRW;
    const packet = write.alloc(length);
    fill(packet, write.allocStart);
    if (protocol._kexinit !== undefined) {
      this.#queuedBytes += length + queueOverhead;
      if (onSequence !== undefined) {
        this.#sequences.set(packet, onSequence);
      }
      utils.sendPacket(protocol, packet);
      return;
    }
    onSequence?.(protocol._cipher.outSeqno);
    utils.sendPacket(protocol, write.finalize(packet));
    this.#onSent(length);
  }

  /** The key exchange is over: sends the queue with the new keys. */
  sendQueue(): void {
    const protocol = this.#protocol;
    const queue = protocol._queue ?? [];
    protocol._queue = undefined;
    this.#queuedBytes = 0;
    for (const payload of queue) {
      const { write } = protocol._packetRW;
      let packet = write.finalize(payload);
      if (packet === payload) {
        packet = protocol._cipher.allocPacket(payload.length);
        packet.set(payload, 5);
      }
      this.#sequences.get(payload)?.(protocol._cipher.outSeqno);
      utils.sendPacket(protocol, packet);
    }
  }
}
