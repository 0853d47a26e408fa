import type { CipherGCMTypes, KeyObject } from "node:crypto";
import { ConnectError } from "../../engineErrors.ts";
import type { InCipher, PayloadHandler } from "../ssh2Protocol.ts";
import { GcmNonce } from "./gcmNonce.ts";
import { lengthLength, openPacket, tagLength } from "./gcmPacket.ts";

/** Of a packet without its tag, in bytes: the limit of ssh2's other ciphers. We offer channels 32 KiB for data. */
const longestPacket = 35_000;

const blockLength = 16;
const shortestPadding = 4;

export interface GcmDecipherInit {
  readonly name: CipherGCMTypes;
  readonly key: KeyObject;
  /** Of the first packet. */
  readonly iv: Buffer;
  readonly sequence: number;
  /** Owns the payload and its memory. */
  readonly onPayload: PayloadHandler;
}

/**
 * Decrypts packets of AES-GCM (RFC 5647): in place of ssh2's, which decrypts a packet of two chunks in two pieces and
 * copies them into a third, all of which V8 has to collect. The decryption is Node's.
 */
export class GcmDecipher implements InCipher {
  inSeqno: number;
  readonly #init: GcmDecipherInit;
  readonly #nonce: GcmNonce;
  /** The start of a packet that is not complete yet. */
  #part: Buffer | undefined;
  #partBytes = 0;

  constructor(init: GcmDecipherInit) {
    this.#init = init;
    this.inSeqno = init.sequence;
    this.#nonce = new GcmNonce(init.iv);
  }

  /**
   * @throws ConnectError `protocol`: the length is invalid, or the packet is not what the server sent
   */
  decrypt(chunk: Buffer, at: number, end: number): number | undefined {
    let next = at;
    while (next < end) {
      const start = next;
      const isWhole = this.#partBytes === 0 && end - start >= lengthLength;
      const whole = isWhole ? wholeLength(chunk, start) : undefined;
      let packet: Buffer | undefined;
      if (whole !== undefined && whole <= end - start) {
        next += whole;
        packet = chunk.subarray(start, next);
      } else {
        next = this.#gather(chunk, start, end);
        packet = this.#gathered();
      }
      if (packet !== undefined) {
        const result = this.#init.onPayload(this.#open(packet));
        if (result !== undefined) {
          return result === false ? next : result;
        }
      }
    }
    return undefined;
  }

  free(): void {
    this.#part = undefined;
    this.#partBytes = 0;
  }

  /** Copies what belongs to the packet that has begun. @returns where it stopped in the chunk */
  #gather(chunk: Buffer, at: number, end: number): number {
    this.#part ??= Buffer.allocUnsafeSlow(lengthLength + longestPacket + tagLength);
    const part = this.#part;
    let next = at;
    const fill = (length: number): void => {
      const taken = Math.min(length - this.#partBytes, end - next);
      if (taken > 0) {
        chunk.copy(part, this.#partBytes, next, next + taken);
        this.#partBytes += taken;
        next += taken;
      }
    };
    fill(lengthLength);
    if (this.#partBytes >= lengthLength) {
      fill(wholeLength(part, 0));
    }
    return next;
  }

  /** Undefined: it is not complete. Valid until the next call. */
  #gathered(): Buffer | undefined {
    const part = this.#part;
    if (part === undefined || this.#partBytes < lengthLength || this.#partBytes < wholeLength(part, 0)) {
      return undefined;
    }
    const packet = part.subarray(0, this.#partBytes);
    this.#partBytes = 0;
    return packet;
  }

  /** The payload, in memory of its own. @param packet with its head and tag */
  #open(packet: Buffer): Buffer {
    const { name, key } = this.#init;
    let plain: Buffer;
    try {
      plain = openPacket(name, key, this.#nonce, packet);
    } catch (error) {
      throw new ConnectError("protocol", "A packet of the server was changed on its way", { cause: error });
    }
    const padding = plain[0] ?? 0;
    if (padding < shortestPadding || padding >= plain.length) {
      throw new ConnectError("protocol", "A packet has an invalid padding");
    }
    this.inSeqno = (this.inSeqno + 1) >>> 0;
    return plain.subarray(1, plain.length - padding);
  }
}

/** Of the packet whose head is at `at`. */
function wholeLength(bytes: Buffer, at: number): number {
  const length = bytes.readUInt32BE(at);
  if (length < blockLength || length > longestPacket - lengthLength || length % blockLength !== 0) {
    throw new ConnectError("protocol", `A packet has an invalid length: ${length}`);
  }
  return lengthLength + length + tagLength;
}
