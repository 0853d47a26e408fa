import { dirname } from "node:path";
import type { Clock } from "./clock.ts";
import type { Disposable } from "./disposable.ts";
import { FileError } from "./fileErrors.ts";
import type { FileAnswers, FileJob } from "./fileJobs.ts";

/** Something that does one job at a time and may never come back from it. */
export interface FileSeat {
  /**
   * @param onStep is called after each system call: the file system answers.
   * @throws FileError
   */
  run(job: FileJob, onStep: () => void): Promise<FileAnswers[FileJob["kind"]]>;
  /** No more jobs for now. */
  release?(): void;
}

/** Without any answer for this long a file system counts as hung. NFS answers in milliseconds, or after minutes. */
export const fileTimeLimitMilliseconds = 5000;
/** The limit is counted in steps, so that a machine that slept, or a busy event loop, uses up one step and not all. */
const steps = 10;

interface Waiting {
  readonly job: FileJob;
  readonly resolve: (answer: FileAnswers[FileJob["kind"]]) => void;
  readonly reject: (error: unknown) => void;
}

interface Place {
  readonly seat: FileSeat;
  current: Waiting | undefined;
  isStuck: boolean;
}

/**
 * Lets one file job run at a time, because a job on a mount that hangs keeps its thread until the mount answers, and
 * all extensions share four of them. After `fileTimeLimitMilliseconds` without an answer its caller gets a FileError
 * (`unresponsive`), and the jobs behind it go on in the next seat; jobs for the same folder are refused at once
 * while it hangs. When the last seat hangs too, all jobs are refused until one answers.
 */
export class FileLane {
  readonly #clock: Clock;
  readonly #places: readonly Place[];
  readonly #queue: Waiting[] = [];
  #isBusy = false;

  /** @param seats in the order in which they are used. */
  constructor(clock: Clock, seats: readonly FileSeat[]) {
    this.#clock = clock;
    this.#places = seats.map((seat) => ({ seat, current: undefined, isStuck: false }));
  }

  /** @throws FileError */
  run<K extends FileJob["kind"]>(job: FileJob & { readonly kind: K }): Promise<FileAnswers[K]>;
  run(job: FileJob): Promise<FileAnswers[FileJob["kind"]]> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ job, resolve, reject });
      this.#next();
    });
  }

  #next(): void {
    while (!this.#isBusy) {
      const waiting = this.#queue.shift();
      if (waiting === undefined) {
        for (const place of this.#places.filter(({ current }) => current === undefined)) {
          place.seat.release?.();
        }
        return;
      }
      const { path } = waiting.job;
      const blocker = this.#places.find((place) => place.isStuck && isBeside(path, place.current?.job.path));
      const place = this.#places.find(({ current }) => current === undefined);
      if (blocker !== undefined || place === undefined) {
        waiting.reject(hung(path));
      } else {
        this.#start(place, waiting);
      }
    }
  }

  #start(place: Place, waiting: Waiting): void {
    this.#isBusy = true;
    place.current = waiting;
    let left = steps;
    let timer: Disposable | undefined;
    const tick = (): void => {
      if (--left > 0) {
        timer = this.#clock.setTimeout(tick, fileTimeLimitMilliseconds / steps);
        return;
      }
      timer = undefined;
      place.isStuck = true;
      waiting.reject(hung(waiting.job.path));
      this.#isBusy = false;
      this.#next();
    };
    timer = this.#clock.setTimeout(tick, fileTimeLimitMilliseconds / steps);
    const finish = (): void => {
      timer?.dispose();
      place.current = undefined;
      if (place.isStuck) {
        place.isStuck = false;
      } else {
        this.#isBusy = false;
      }
      this.#next();
    };
    const onStep = (): void => {
      left = steps;
    };
    Promise.resolve()
      .then(() => place.seat.run(waiting.job, onStep))
      .then(waiting.resolve, waiting.reject)
      .finally(finish);
  }
}

/** In the folder of the file that hangs, or below it. */
function isBeside(path: string, hanging: string | undefined): boolean {
  if (hanging === undefined) {
    return false;
  }
  const folder = dirname(hanging);
  return (
    path === hanging || (dirname(folder) !== folder && (path === folder || path.startsWith(`${folder}/`)))
  );
}

function hung(path: string): FileError {
  return new FileError("unresponsive", path, "its file system does not answer");
}
