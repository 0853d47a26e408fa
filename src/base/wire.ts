/** Reads the data types of RFC 4251 section 5 from the front of a buffer. Nothing is copied. */
export class WireReader {
  readonly #data: Buffer;
  #offset: number;

  constructor(data: Buffer, offset = 0) {
    this.#data = data;
    this.#offset = offset;
  }

  /** The number of bytes not read yet. */
  get left(): number {
    return this.#data.length - this.#offset;
  }

  /** Undefined when nothing is left. */
  byte(): number | undefined {
    return this.left < 1 ? undefined : this.#data[this.#offset++];
  }

  /** Any value but 0 is true. Undefined when nothing is left. */
  boolean(): boolean | undefined {
    const value = this.byte();
    return value === undefined ? undefined : value !== 0;
  }

  /** Undefined when fewer than 4 bytes are left. */
  uint32(): number | undefined {
    if (this.left < 4) {
      return undefined;
    }
    const value = this.#data.readUInt32BE(this.#offset);
    this.#offset += 4;
    return value;
  }

  /** Undefined when fewer than 8 bytes are left. */
  uint64(): bigint | undefined {
    return this.bytes(8)?.readBigUInt64BE();
  }

  /** Undefined when it is cut short. */
  string(): Buffer | undefined {
    const length = this.uint32();
    return length === undefined ? undefined : this.bytes(length);
  }

  /** A `string` as UTF-8; wrong bytes become U+FFFD. Undefined when it is cut short. */
  text(): string | undefined {
    return this.string()?.toString("utf8");
  }

  /** Undefined when it is cut short. An empty list has no names. */
  nameList(): string[] | undefined {
    const names = this.string()?.toString("latin1");
    return names === undefined ? undefined : names === "" ? [] : names.split(",");
  }

  /** The magnitude of a positive `mpint` without leading zeros. Undefined when it is cut short or negative. */
  mpint(): Buffer | undefined {
    const bytes = this.string();
    if (bytes === undefined || ((bytes[0] ?? 0) & 0x80) !== 0) {
      return undefined;
    }
    const start = bytes.findIndex((byte) => byte !== 0);
    return start < 0 ? bytes.subarray(bytes.length) : bytes.subarray(start);
  }

  /** Undefined when there are fewer. */
  bytes(length: number): Buffer | undefined {
    if (length > this.left) {
      return undefined;
    }
    this.#offset += length;
    return this.#data.subarray(this.#offset - length, this.#offset);
  }

  /** All remaining bytes. */
  rest(): Buffer {
    return this.#data.subarray(this.#offset);
  }
}

/** @throws RangeError below 0 and above 2^32 - 1 */
export function wireUint32(value: number): Buffer {
  const buffer = Buffer.allocUnsafe(4);
  buffer.writeUInt32BE(value);
  return buffer;
}

export function wireBoolean(value: boolean): Buffer {
  return Buffer.of(value ? 1 : 0);
}

/** A `string`: its length, then the bytes or the text in UTF-8. */
export function wireString(value: Uint8Array | string): Buffer {
  const length = typeof value === "string" ? Buffer.byteLength(value) : value.length;
  const buffer = Buffer.allocUnsafe(4 + length);
  buffer.writeUInt32BE(length);
  if (typeof value === "string") {
    buffer.write(value, 4);
  } else {
    buffer.set(value, 4);
  }
  return buffer;
}

/** A positive number, given as its magnitude, most significant byte first. */
export function wireMpint(magnitude: Uint8Array): Buffer {
  const start = magnitude.findIndex((byte) => byte !== 0);
  if (start < 0) {
    return wireUint32(0);
  }
  const bytes = magnitude.subarray(start);
  const padding = ((bytes[0] ?? 0) & 0x80) === 0 ? [] : [0];
  return wireString(Buffer.concat([Buffer.from(padding), bytes]));
}
