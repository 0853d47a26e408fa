import type { KeyObject } from "node:crypto";
import { GcmNonce } from "../engine/ssh2/kex/gcmNonce.ts";
import { lengthLength, openPacket, tagLength } from "../engine/ssh2/kex/gcmPacket.ts";
import { GatewayError } from "./gatewayError.ts";

/** The largest packet that OpenSSH sends or accepts (PACKET_MAX_SIZE in packet.c). */
const longestPacket = 256 * 1024;

const blockLength = 16;

interface Keys {
  readonly key: KeyObject;
  /** Of the first packet. */
  readonly iv: Buffer;
}

/** Splits a stream into SSH's binary packets (RFC 4253 section 6): plain ones, then those of AES-GCM (RFC 5647). */
export class GcmPackets {
  #pieces: Buffer[] = [];
  #bytes = 0;
  #keys: { readonly key: KeyObject; readonly nonce: GcmNonce } | undefined;

  push(chunk: Buffer): void {
    this.#pieces.push(chunk);
    this.#bytes += chunk.length;
  }

  /** The next packets are encrypted with these keys. */
  use({ key, iv }: Keys): void {
    this.#keys = { key, nonce: new GcmNonce(iv) };
  }

  /**
   * A line without its end, before the first packet. Undefined while it is incomplete.
   * @throws GatewayError if it is longer than RFC 4253 section 4.2 allows
   */
  line(): string | undefined {
    const all = this.#joined();
    const end = all.indexOf(10);
    if (end > longestLine || (end < 0 && all.length > longestLine)) {
      throw new GatewayError("violation", "The version line is too long");
    }
    if (end < 0) {
      return undefined;
    }
    this.#take(end + 1);
    return all.subarray(0, end).toString("latin1").replace(/\r$/, "");
  }

  /**
   * The payload of the next packet. Undefined while it is incomplete.
   * @throws GatewayError if it is malformed
   */
  next(): Buffer | undefined {
    if (this.#bytes < lengthLength) {
      return undefined;
    }
    const length = this.#joinedTo(lengthLength).readUInt32BE();
    const block = this.#keys === undefined ? 8 : blockLength;
    const counted = this.#keys === undefined ? length + lengthLength : length;
    if (length > longestPacket || length < 5 || counted % block !== 0) {
      throw new GatewayError("violation", "A packet has an invalid length");
    }
    const whole = lengthLength + length + (this.#keys === undefined ? 0 : tagLength);
    if (this.#bytes < whole) {
      return undefined;
    }
    const packet = this.#joinedTo(whole).subarray(0, whole);
    this.#take(whole);
    const plain = this.#keys === undefined ? packet.subarray(lengthLength) : opened(this.#keys, packet);
    const padding = plain[0] ?? 0;
    if (padding < 4 || padding + 1 >= plain.length) {
      throw new GatewayError("violation", "A packet has an invalid padding");
    }
    return plain.subarray(1, plain.length - padding);
  }

  #joined(): Buffer {
    return this.#joinedTo(this.#bytes);
  }

  /** Joins as many pieces as contain this many bytes. */
  #joinedTo(length: number): Buffer {
    const [first] = this.#pieces;
    if (first !== undefined && first.length >= length) {
      return first;
    }
    let [count, bytes] = [0, 0];
    while (bytes < length) {
      bytes += this.#pieces[count++]?.length ?? length;
    }
    const joined = Buffer.concat(this.#pieces.slice(0, count));
    this.#pieces.splice(0, count, joined);
    return joined;
  }

  /** Of the first piece. */
  #take(length: number): void {
    this.#bytes -= length;
    const rest = this.#pieces[0]?.subarray(length);
    if (rest === undefined || rest.length === 0) {
      this.#pieces.shift();
    } else {
      this.#pieces[0] = rest;
    }
  }
}

const longestLine = 255;

function opened(
  { key, nonce }: { readonly key: KeyObject; readonly nonce: GcmNonce },
  packet: Buffer,
): Buffer {
  try {
    return openPacket("aes-128-gcm", key, nonce, packet);
  } catch (error) {
    throw new GatewayError("violation", "A packet was changed", { cause: error });
  }
}
