import type { OutputKind } from "../connectionEngine.ts";

/** Smaller pieces are copied into a block; larger ones are kept as they are. */
const small = 2 * 1024;
const blockSize = 16 * 1024;

interface Block {
  readonly data: Uint8Array;
  /** The bytes of `data` in use. */
  used: number;
  /** Lengths of the runs of one kind: twice the length, plus 1 for stderr. A number costs 8 bytes, an object 60. */
  readonly runs: number[];
}

/**
 * Output that waits to be read, in order. Small pieces are joined: otherwise a peer that sends single bytes would
 * cost a hundred times its bytes.
 */
export class PieceQueue {
  #blocks: Block[] = [];
  /** The position of the next run. */
  #block = 0;
  #run = 0;
  #offset = 0;
  #length = 0;

  /** The number of waiting bytes. */
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
      // The rest of the last block can't hold this piece.
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

  /** The next piece, which the caller then owns. Undefined when the queue is empty. */
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

  /** The queue is empty: reuse the rest of the block, so that single bytes don't cost a block each. */
  #restart(block: Block): void {
    this.clear();
    if (block.used < block.data.length) {
      block.runs.length = 0;
      this.#blocks.push(block);
      this.#offset = block.used;
    }
  }

  /** Only from time to time: removing the first element each time would take quadratic time. */
  #forgetTaken(): void {
    if (this.#block >= 64 && this.#block * 2 >= this.#blocks.length) {
      this.#blocks = this.#blocks.slice(this.#block);
      this.#block = 0;
    }
  }
}
