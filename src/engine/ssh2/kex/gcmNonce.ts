/** The nonce of the next packet: a fixed field of 4 bytes, and the invocation counter of 8 (RFC 5647 section 7.1). */
export class GcmNonce {
  readonly bytes: Buffer;

  /** @param first is copied */
  constructor(first: Buffer) {
    this.bytes = Buffer.from(first);
  }

  count(): void {
    const low = (this.bytes.readUInt32BE(8) + 1) >>> 0;
    this.bytes.writeUInt32BE(low, 8);
    if (low === 0) {
      this.bytes.writeUInt32BE((this.bytes.readUInt32BE(4) + 1) >>> 0, 4);
    }
  }
}
