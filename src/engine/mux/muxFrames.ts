import { releaseMemory } from "../../base/releaseMemory.ts";
import { largestMuxFrame } from "./muxMessages.ts";

/** Bytes: Node takes buffers up to the first size from a pool; OpenSSH's data packets fit into the second. */
const smallFrame = 4096;
const reusedBytes = 64 * 1024;

const none: Buffer = Buffer.alloc(0);

/** Splits a stream into the frames of muxMessages.ts. Buffers at most one chunk and one frame. */
export class MuxFrames {
  #waiting = none;
  #pieces: Buffer[] = [];
  #pieceBytes = 0;
  /** Bytes that clients send between frames: see `skip`. */
  #toSkip = 0;
  readonly #reuses: boolean;
  readonly #owns: boolean;
  #joined: Buffer | undefined;
  /** `waiting` is in a chunk, not in a copy. */
  #isInChunk = false;
  /** Chunks that are not freed yet, and where each ends in the stream, whose length so far is `received`. */
  #chunks: { readonly chunk: Buffer; readonly end: number }[] = [];
  #received = 0;

  /**
   * @param options `reuses`: a frame is valid only until the next one, which saves memory for each. `owns`: nobody else
   * uses the chunks, which are freed with their last frame.
   */
  constructor(options: { readonly reuses?: boolean; readonly owns?: boolean } = {}) {
    this.#reuses = options.reuses === true;
    this.#owns = this.#reuses && options.owns === true;
  }

  /** Bytes that have not been returned yet. */
  get bytes(): number {
    return this.#waiting.length + this.#pieceBytes;
  }

  push(chunk: Buffer): void {
    this.#pieces.push(chunk);
    this.#pieceBytes += chunk.length;
    if (this.#owns) {
      this.#received += chunk.length;
      this.#chunks.push({ chunk, end: this.#received });
    }
  }

  /**
   * Skips bytes before the next frame: a client sends a byte with each descriptor that it passes (mm_send_fd in
   * monitor_fdpass.c), and those of `newSession` and `newStdioForward` follow their frames.
   */
  skip(bytes: number): void {
    this.#toSkip += bytes;
  }

  /**
   * The body of the next frame; undefined while it is incomplete.
   * @throws RangeError if the frame is larger than the protocol allows: the rest of the stream can't be read.
   */
  next(): Buffer | undefined {
    if (this.#owns) {
      this.#free();
    }
    while (this.#needed() > this.#waiting.length && this.#join()) {
      // The length of a frame is known once its first bytes are joined.
    }
    const skipped = Math.min(this.#toSkip, this.#waiting.length);
    this.#toSkip -= skipped;
    this.#waiting = this.#waiting.subarray(skipped);
    if (this.#toSkip > 0 || this.#waiting.length < 4) {
      return undefined;
    }
    const length = this.#waiting.readUInt32BE();
    if (length > largestMuxFrame) {
      throw new RangeError(`A frame of ${length} bytes is too large`);
    }
    if (this.#waiting.length < 4 + length) {
      return undefined;
    }
    const body = this.#waiting.subarray(4, 4 + length);
    this.#waiting = this.#waiting.subarray(4 + length);
    return body;
  }

  /** The number of bytes that complete the next frame, as far as its length is known. */
  #needed(): number {
    const length = this.#waiting.length - this.#toSkip;
    return this.#toSkip + (length < 4 ? 4 : 4 + this.#waiting.readUInt32BE(this.#toSkip));
  }

  /**
   * Joins pieces only when a frame may be complete, so that a frame in thousands of pieces is not copied again for
   * each. Of a chunk, only what belongs to a frame of the chunk before it is copied.
   * @returns whether more is waiting now
   */
  #join(): boolean {
    const needed = Math.min(this.#needed(), this.bytes);
    if (this.#pieces.length === 0 || this.bytes < Math.min(this.#needed(), largestMuxFrame)) {
      return false;
    }
    const joined = [this.#waiting];
    let [length, count] = [this.#waiting.length, 0];
    for (const piece of this.#pieces) {
      if (length >= needed) {
        break;
      }
      // A chunk on its own stays as it is.
      const part = length === 0 ? piece : piece.subarray(0, needed - length);
      joined.push(part);
      length += part.length;
      count++;
      if (part.length < piece.length) {
        this.#pieces[--count] = piece.subarray(part.length);
      }
    }
    this.#pieces.splice(0, count);
    this.#pieceBytes -= length - this.#waiting.length;
    const [before, first] = joined;
    const isWhole = before?.length === 0 && first !== undefined && joined.length === 2;
    this.#waiting = isWhole ? first : this.#concat(joined, length);
    this.#isInChunk = isWhole;
    return true;
  }

  /** The frame before is not valid any more: frees the chunks that are used up or copied. */
  #free(): void {
    if (this.#waiting.length === 0) {
      this.#waiting = none;
    }
    const needed = this.#received - this.#pieceBytes - (this.#isInChunk ? this.#waiting.length : 0);
    for (let first = this.#chunks[0]; first !== undefined && first.end <= needed; first = this.#chunks[0]) {
      releaseMemory(first.chunk);
      this.#chunks.shift();
    }
  }

  #concat(parts: readonly Buffer[], length: number): Buffer {
    if (!this.#reuses || length <= smallFrame || length > reusedBytes) {
      return Buffer.concat(parts, length);
    }
    this.#joined ??= Buffer.allocUnsafeSlow(reusedBytes);
    let at = 0;
    for (const part of parts) {
      // The first part may be the start of this memory.
      at += part.copy(this.#joined, at);
    }
    return this.#joined.subarray(0, length);
  }
}
