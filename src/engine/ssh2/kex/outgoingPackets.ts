import { type Protocol, utils } from "../ssh2Protocol.ts";

/** Bytes of answers that may wait for the end of a key exchange of ours which the server doesn't take up. */
const queueMark = 4 * 1024 * 1024;

/** Messages that may wait so: they are all encrypted in the turn in which the exchange ends, in about 10 µs each. */
const mostQueued = 2_000;

/** What a message costs while it waits, besides its bytes: a queue of small ones is no small queue. */
const queueOverhead = 128;

/** What goes out. During a key exchange ssh2 queues it (RFC 4253 section 7.1); the queue has a bound. */
export class OutgoingPackets {
  readonly #protocol: Protocol;
  readonly #onSent: (bytes: number) => void;
  readonly #sequences = new WeakMap<Buffer, (sequence: number) => void>();
  #queuedBytes = 0;

  /** @param onSent a message of so many bytes went out under the present keys. */
  constructor(protocol: Protocol, onSent: (bytes: number) => void) {
    this.#protocol = protocol;
    this.#onSent = onSent;
  }

  /** What waits for the end of a key exchange, in bytes. */
  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  get isFull(): boolean {
    return this.#queuedBytes > queueMark || (this.#protocol._queue?.length ?? 0) > mostQueued;
  }

  /** @param onSequence gets the packet's sequence number when it goes out. */
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

  /** The key exchange is over: sends what waited for it, with the new keys. */
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
