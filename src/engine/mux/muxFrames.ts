import { largestMuxFrame } from "./muxMessages.ts";

/** Splits a stream into the frames of muxMessages.ts. Buffers at most one chunk and one frame. */
export class MuxFrames {
  #waiting: Buffer = Buffer.alloc(0);
  #pieces: Buffer[] = [];
  #pieceBytes = 0;
  /** Bytes that clients send between frames: see `skip`. */
  #toSkip = 0;

  /** Bytes that have not been returned yet. */
  get bytes(): number {
    return this.#waiting.length + this.#pieceBytes;
  }

  push(chunk: Buffer): void {
    this.#pieces.push(chunk);
    this.#pieceBytes += chunk.length;
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
    if (this.#needed() > this.#waiting.length) {
      this.#join();
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
   * each.
   */
  #join(): void {
    if (this.#pieces.length > 0 && this.bytes >= Math.min(this.#needed(), largestMuxFrame)) {
      this.#waiting = Buffer.concat([this.#waiting, ...this.#pieces]);
      this.#pieces = [];
      this.#pieceBytes = 0;
    }
  }
}
