/** Values measured each second while details are shown. */
export interface DetailsSample {
  /** Wall-clock milliseconds. */
  readonly at: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** The rest of both windows of a channel (RFC 4254 section 5.2), in bytes. */
  readonly localWindow?: number | undefined;
  readonly remoteWindow?: number | undefined;
}

/** Bytes per second since the previous sample; undefined if unknown. */
export interface Rates {
  readonly in: number | undefined;
  readonly out: number | undefined;
}

/** Five minutes at one sample a second. */
const samplesKept = 300;

/** The last samples, oldest first. */
export class DetailsHistory {
  #samples: readonly DetailsSample[] = [];

  get samples(): readonly DetailsSample[] {
    return this.#samples;
  }

  /** A sample that is not later than the last one (the wall clock was set back) restarts the history. */
  add(sample: DetailsSample): void {
    const last = this.#samples.at(-1);
    const before = last !== undefined && sample.at <= last.at ? [] : this.#samples;
    this.#samples = [...before.slice(1 - samplesKept), sample];
  }

  /** The rates of each sample, compared with the previous one. A counter that was reset gives none. */
  rates(): readonly Rates[] {
    return this.#samples.map((sample, index) => {
      const before = this.#samples[index - 1];
      return {
        in: before && rate(sample.bytesIn - before.bytesIn, sample.at - before.at),
        out: before && rate(sample.bytesOut - before.bytesOut, sample.at - before.at),
      };
    });
  }
}

function rate(bytes: number, milliseconds: number): number | undefined {
  return bytes < 0 ? undefined : (bytes * 1000) / milliseconds;
}
