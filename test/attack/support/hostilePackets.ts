import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { constants, deflateSync } from "node:zlib";

/** The fields of RFC 4251 section 5, for messages of any shape. */

export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
}

export function str(value: Uint8Array | string): Buffer {
  const bytes = typeof value === "string" ? Buffer.from(value) : value;
  return Buffer.concat([u32(bytes.length), bytes]);
}

export function bool(value: boolean): Buffer {
  return Buffer.of(value ? 1 : 0);
}

/** A positive number, big-endian, in the shortest form. */
export function mpint(value: Uint8Array): Buffer {
  let at = 0;
  while (at < value.length && value[at] === 0) {
    at++;
  }
  const bytes = value.subarray(at);
  return str((bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.of(0), bytes]) : bytes);
}

/** A message: its number, followed by its fields. */
export function msg(number: number, ...fields: readonly Uint8Array[]): Buffer {
  return Buffer.concat([Buffer.of(number), ...fields]);
}

/** The string at `at`, and where the next field begins. If truncated, it extends to the end of the buffer. */
export function readString(bytes: Buffer, at: number): { readonly value: Buffer; readonly next: number } {
  const length = at + 4 <= bytes.length ? bytes.readUInt32BE(at) : 0;
  return { value: bytes.subarray(at + 4, at + 4 + length), next: at + 4 + length };
}

/** Keys of one direction for aes128-gcm@openssh.com (RFC 5647 with OpenSSH's PROTOCOL, section 1.6). */
export interface DirectionKeys {
  readonly key: Buffer;
  readonly iv: Buffer;
}

function nextIv(iv: Buffer): void {
  iv.writeBigUInt64BE((iv.readBigUInt64BE(4) + 1n) & 0xffff_ffff_ffff_ffffn, 4);
}

/** Makes packets of payloads (RFC 4253 section 6), unencrypted until it has keys. */
export class PacketSealer {
  sequence = 0;
  #keys: DirectionKeys | undefined;

  use(keys: DirectionKeys): void {
    this.#keys = { key: keys.key, iv: Buffer.from(keys.iv) };
  }

  seal(payload: Uint8Array): Buffer {
    this.sequence = (this.sequence + 1) >>> 0;
    const block = this.#keys === undefined ? 8 : 16;
    const counted = this.#keys === undefined ? 5 : 1;
    let padding = block - ((payload.length + counted) % block);
    padding += padding < 4 ? block : 0;
    const body = Buffer.concat([Buffer.of(padding), payload, randomBytes(padding)]);
    const length = u32(body.length);
    if (this.#keys === undefined) {
      return Buffer.concat([length, body]);
    }
    const { key, iv } = this.#keys;
    const cipher = createCipheriv("aes-128-gcm", key, iv);
    cipher.setAAD(length);
    nextIv(iv);
    return Buffer.concat([length, cipher.update(body), cipher.final(), cipher.getAuthTag()]);
  }
}

/** Splits packets. Throws if they are invalid: our own client never sends such. */
export class PacketOpener {
  sequence = 0;
  #keys: DirectionKeys | undefined;
  #bytes: Buffer = Buffer.alloc(0);

  use(keys: DirectionKeys): void {
    this.#keys = { key: keys.key, iv: Buffer.from(keys.iv) };
  }

  add(bytes: Uint8Array): void {
    this.#bytes = this.#bytes.length === 0 ? Buffer.from(bytes) : Buffer.concat([this.#bytes, bytes]);
  }

  /** The next payload; undefined until it is complete. New keys may apply after each call. */
  next(): Buffer | undefined {
    if (this.#bytes.length < 4) {
      return undefined;
    }
    const length = this.#bytes.readUInt32BE(0);
    const end = 4 + length + (this.#keys === undefined ? 0 : 16);
    if (this.#bytes.length < end) {
      return undefined;
    }
    const packet = this.#bytes.subarray(0, end);
    this.#bytes = this.#bytes.subarray(end);
    this.sequence = (this.sequence + 1) >>> 0;
    let body: Buffer = packet.subarray(4, 4 + length);
    if (this.#keys !== undefined) {
      const { key, iv } = this.#keys;
      const decipher = createDecipheriv("aes-128-gcm", key, iv);
      decipher.setAAD(packet.subarray(0, 4));
      decipher.setAuthTag(packet.subarray(4 + length));
      nextIv(iv);
      body = Buffer.concat([decipher.update(body), decipher.final()]);
    }
    return body.subarray(1, body.length - (body[0] ?? 0));
  }
}

/**
 * Compressed payloads for `zlib@openssh.com` that expand to any size. Each is a separate part of the stream, flushed
 * so that the next one follows (RFC 4253 section 6.2); only the first begins with zlib's header.
 */
export class Compressor {
  #first = true;

  compress(payload: Uint8Array): Buffer {
    const whole = deflateSync(payload, { finishFlush: constants.Z_FULL_FLUSH });
    const part = this.#first ? whole : whole.subarray(2);
    this.#first = false;
    return part;
  }
}
