/** Collects bytes in blocks, so that many small pieces need no more memory than their bytes. */
export class JoinedBytes {
  #blocks: Buffer[] = [];
  /** The block being filled, and the number of bytes in it. */
  #block = Buffer.alloc(0);
  #used = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** @param data is copied when it is small, and kept otherwise */
  push(data: Uint8Array): void {
    this.#length += data.length;
    if (data.length >= largePiece) {
      this.#seal();
      this.#blocks.push(Buffer.from(data.buffer, data.byteOffset, data.length));
      return;
    }
    if (this.#block.length - this.#used < data.length) {
      this.#seal();
      this.#block = Buffer.allocUnsafeSlow(Math.min(largestBlock, Math.max(largePiece, this.#length)));
      this.#used = 0;
    }
    this.#block.set(data, this.#used);
    this.#used += data.length;
  }

  /** Returns all bytes and keeps none. */
  take(): Buffer {
    this.#seal();
    const all = this.#blocks.length === 1 ? this.#blocks[0] : undefined;
    const bytes = all ?? Buffer.concat(this.#blocks);
    this.#blocks = [];
    this.#block = Buffer.alloc(0);
    this.#used = 0;
    this.#length = 0;
    return bytes;
  }

  #seal(): void {
    if (this.#used > 0) {
      this.#blocks.push(this.#block.subarray(0, this.#used));
      this.#block = this.#block.subarray(this.#used);
      this.#used = 0;
    }
  }
}

const largePiece = 4 * 1024;
const largestBlock = 64 * 1024;
