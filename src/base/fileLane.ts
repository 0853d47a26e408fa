import { dirname } from "node:path";
import type { Clock } from "./clock.ts";
import type { Disposable } from "./disposable.ts";
import { FileError } from "./fileErrors.ts";
import type { FileAnswers, FileJob } from "./fileJobs.ts";

/** Runs one job at a time. A job may never return. */
export interface FileSeat {
  /** @param onStep is called after each system call, as a sign that the file system replies. @throws FileError */
  run(job: FileJob, onStep: () => void): Promise<FileAnswers[FileJob["kind"]]>;
  /** No more jobs are expected for now. */
  release?(): void;
}

/**
 * A file system that gives no reply for this long counts as hung. NFS replies within milliseconds, or after minutes.
 */
export const fileTimeLimitMilliseconds = 5000;
/**
 * The limit is counted in steps, so that a sleep of the machine or a busy event loop uses up one step, not the whole
 * limit.
 */
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
 * Runs one file job at a time, because a job on a hung mount keeps its thread until the mount replies, and all
 * extensions share four threads. After `fileTimeLimitMilliseconds` without a reply the caller gets a FileError
 * (`unresponsive`), and the jobs behind it continue in the next seat; jobs for the same folder are refused at once
 * while it hangs. When the last seat hangs too, all jobs are refused until one of them replies.
 */
export class FileLane {
  readonly #clock: Clock;
  readonly #places: readonly Place[];
  readonly #queue: Waiting[] = [];
  #isBusy = false;

  /** @param seats in order of use. */
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

/** Whether the path is in the folder of the hung file, or below it. */
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
