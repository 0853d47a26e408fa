import type { Clock } from "../base/clock.ts";
import type { Disposable } from "../base/disposable.ts";
import { FileError } from "../base/fileErrors.ts";
import type { LocalFiles } from "../base/localFiles.ts";

/** Milliseconds between two readings of a folder. */
const interval = 10_000;

/**
 * Detects changes of files in a folder whose file system may hang at any time. fs.watch(2) would block the event loop
 * there, whereas `LocalFiles` has a time limit.
 */
export class FolderPoller {
  readonly #files: LocalFiles;
  readonly #clock: Clock;
  readonly #folder: string;
  readonly #paths: () => readonly string[];
  readonly #onChange: () => void;
  #timer: Disposable | undefined;
  #isClosed = false;

  /** @param paths of the files that matter, at each reading. */
  constructor(
    files: LocalFiles,
    clock: Clock,
    folder: string,
    paths: () => readonly string[],
    onChange: () => void,
  ) {
    this.#files = files;
    this.#clock = clock;
    this.#folder = folder;
    this.#paths = paths;
    this.#onChange = onChange;
    void this.#look(undefined);
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.dispose();
  }

  /** @param before undefined: there was no reading yet, or it got no reply. */
  async #look(before: string | undefined): Promise<void> {
    const stamps: (string | undefined)[] = [];
    for (const path of [this.#folder, ...this.#paths()]) {
      stamps.push(await this.#stamp(path));
    }
    if (this.#isClosed) {
      return;
    }
    // A folder that gives no reply counts as unchanged.
    const now = stamps.includes(undefined) ? before : stamps.join(" ");
    this.#timer = this.#clock.setTimeout(() => void this.#look(now), interval);
    if (before !== undefined && now !== before) {
      this.#onChange();
    }
  }

  #stamp(path: string): Promise<string | undefined> {
    return this.#files.stat(path).then(
      ({ stamp }) => stamp,
      (error: unknown) => (FileError.is(error) && error.reason === "unresponsive" ? undefined : "none"),
    );
  }
}
