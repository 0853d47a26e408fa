import type { OutputKind } from "../connectionEngine.ts";

/** Pieces below this size are copied into a block; a larger one is kept as it is. */
const small = 2 * 1024;
const blockSize = 16 * 1024;

interface Block {
  readonly data: Uint8Array;
  /** Bytes of `data` that hold pieces. */
  used: number;
  /** Lengths of the runs of one kind: twice the length, plus 1 for stderr. A number costs 8 bytes, an object 60. */
  readonly runs: number[];
}

/**
 * Output that waits to be read, in order. Small pieces are joined: a peer that sends single bytes would otherwise cost a
 * hundred times what it sent.
 */
export class PieceQueue {
  #blocks: Block[] = [];
  /** Where the next run begins. */
  #block = 0;
  #run = 0;
  #offset = 0;
  #length = 0;

  /** Bytes that wait. */
  get length(): number {
    return this.#length;
  }

  push(kind: OutputKind, data: Uint8Array): void {
    if (data.length === 0) {
      return;
    }
    const mark = kind === "stderr" ? 1 : 0;
    const kept = this.#blocks.at(-1);
    const room = kept === undefined ? 0 : kept.data.length - kept.used;
    if (this.#length === 0 && (data.length >= small || data.length > room)) {
      // What was kept of the last block can't hold this piece.
      this.clear();
    }
    this.#length += data.length;
    if (data.length >= small) {
      this.#blocks.push({ data, used: data.length, runs: [data.length * 2 + mark] });
      return;
    }
    let last = this.#blocks.at(-1);
    if (last === undefined || last.data.length - last.used < data.length) {
      last = { data: Buffer.allocUnsafeSlow(blockSize), used: 0, runs: [] };
      this.#blocks.push(last);
    }
    last.data.set(data, last.used);
    last.used += data.length;
    const end = last.runs.length - 1;
    const run = last.runs[end];
    if (run !== undefined && run % 2 === mark) {
      last.runs[end] = run + data.length * 2;
    } else {
      last.runs.push(data.length * 2 + mark);
    }
  }

  /** The next piece, which is the caller's from now on. Undefined when nothing waits. */
  shift(): { readonly kind: OutputKind; readonly data: Uint8Array } | undefined {
    const block = this.#blocks[this.#block];
    const run = block?.runs[this.#run];
    if (block === undefined || run === undefined) {
      return undefined;
    }
    const length = Math.floor(run / 2);
    const data = block.data.subarray(this.#offset, this.#offset + length);
    this.#length -= length;
    this.#offset += length;
    this.#run++;
    if (this.#length === 0) {
      this.#restart(block);
    } else if (this.#run === block.runs.length) {
      this.#block++;
      this.#run = 0;
      this.#offset = 0;
      this.#forgetTaken();
    }
    return { kind: run % 2 === 1 ? "stderr" : "stdout", data };
  }

  clear(): void {
    this.#blocks = [];
    this.#block = 0;
    this.#run = 0;
    this.#offset = 0;
    this.#length = 0;
  }

  /** Empty: what is left of the block is used, so that single bytes don't cost a block each. */
  #restart(block: Block): void {
    this.clear();
    if (block.used < block.data.length) {
      block.runs.length = 0;
      this.#blocks.push(block);
      this.#offset = block.used;
    }
  }

  /** Now and then: an array that loses its first element each time would cost the square of its length. */
  #forgetTaken(): void {
    if (this.#block >= 64 && this.#block * 2 >= this.#blocks.length) {
      this.#blocks = this.#blocks.slice(this.#block);
      this.#block = 0;
    }
  }
}
