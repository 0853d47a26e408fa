import { dirname, extname, join } from "node:path";
import { Worker } from "node:worker_threads";
import { type Clock, systemClock } from "./clock.ts";
import { asFileError, FileError } from "./fileErrors.ts";
import {
  type FileAnswers,
  type FileContents,
  type FileFacts,
  type FileJob,
  type FolderNames,
  type RawFiles,
  runFileJob,
} from "./fileJobs.ts";
import { FileLane, type FileSeat } from "./fileLane.ts";
import type { FileReply } from "./fileWorker.ts";
import type { LockAnswer, LockRequest } from "./lockFile.ts";
import { poolFiles, reporting } from "./rawFiles.ts";

/**
 * All access to files whose path comes from the user, a workspace or another program. Only regular files are read,
 * and sizes are bounded. A hung job occupies at most one of the threads that all extensions share (see FileLane).
 */
export class LocalFiles {
  readonly #lane: FileLane;

  constructor(lane: FileLane) {
    this.#lane = lane;
  }

  /** Follows links. @throws FileError */
  stat(path: string): Promise<FileFacts> {
    return this.#lane.run({ kind: "stat", path });
  }

  /**
   * The null device reads as an empty file, as for OpenSSH.
   * @param limit bytes; a longer file is refused.
   * @throws FileError
   */
  read(
    path: string,
    limit: number,
    options: { readonly unless?: string | undefined; readonly pipes?: boolean } = {},
  ): Promise<FileContents> {
    const { unless, pipes = false } = options;
    return this.#lane.run({ kind: "read", path, limit, pipes, ...(unless !== undefined && { unless }) });
  }

  /** Names in a folder, unordered. @throws FileError */
  list(path: string, limit: number): Promise<FolderNames> {
    return this.#lane.run({ kind: "list", path, limit });
  }

  /**
   * Adds `line` (given without its end) to a file, which is created with mode 0600 when it is missing. If the last
   * line has no end, it gets one first. After a failure, no part of the line is in the file.
   * @param folder created with mode 0700 when it is missing.
   * @param crlf the file's lines end with CR LF.
   * @throws FileError
   */
  async append(path: string, line: string, folder?: string, crlf = false): Promise<void> {
    await this.#lane.run({ kind: "append", path, line, crlf, ...(folder !== undefined && { folder }) });
  }

  /**
   * Replaces a file's contents with `data`, completely or not at all.
   * @param before the contents that the caller knows: if the file holds anything else by now, it is not replaced.
   * @param keepsOld they become `path.old`.
   * @throws FileError
   */
  async replace(path: string, before: Uint8Array, data: Uint8Array, keepsOld = true): Promise<void> {
    await this.#lane.run({ kind: "replace", path, before, data, keepsOld });
  }

  /** Use `exclusively` of `lockFile.ts`. @throws FileError */
  lock(request: LockRequest): Promise<LockAnswer> {
    return this.#lane.run({ kind: "lock", ...request });
  }

  async unlock(lock: string): Promise<void> {
    await this.#lane.run({ kind: "unlock", path: lock });
  }
}

/** A seat in libuv's pool. */
function poolSeat(raw: RawFiles = poolFiles): FileSeat {
  return { run: (job, onStep) => runFileJob(reporting(raw, onStep), job) };
}

const thisFile = import.meta.filename;
/** Beside this file in source, beside `main.cjs` in the bundle. */
const workerFile = join(dirname(thisFile), `fileWorker${extname(thisFile)}`);

/** A seat with its own thread, which starts with the first job and ends when there are no more jobs. */
export class WorkerSeat implements FileSeat {
  #worker: Worker | undefined;

  run(job: FileJob, onStep: () => void): Promise<FileAnswers[FileJob["kind"]]> {
    this.#worker ??= new Worker(workerFile, { name: "ssh-files" });
    const worker = this.#worker;
    // A hung thread must not keep the process alive.
    worker.unref();
    return new Promise((resolve, reject) => {
      const onMessage = (reply: FileReply): void => {
        if (reply.kind === "step") {
          onStep();
          return;
        }
        stop();
        if (reply.kind === "answer") {
          resolve(reply.answer);
        } else {
          reject(new FileError(reply.reason, job.path, reply.what, { code: reply.code }));
        }
      };
      const onEnd = (cause: unknown): void => {
        stop();
        this.#worker = undefined;
        reject(asFileError(job.path, cause));
      };
      const stop = (): void => {
        worker.off("message", onMessage).off("error", onEnd).off("exit", onEnd);
      };
      worker.on("message", onMessage).on("error", onEnd).on("exit", onEnd);
      worker.postMessage(job);
    });
  }

  release(): void {
    this.#worker?.terminate().catch(() => {});
    this.#worker = undefined;
  }
}

export function createLocalFiles(clock: Clock = systemClock, raw: RawFiles = poolFiles): LocalFiles {
  return new LocalFiles(new FileLane(clock, [poolSeat(raw), new WorkerSeat(), new WorkerSeat()]));
}

/** The one instance of this process, so that the bound on threads holds for all users together. */
export const localFiles: LocalFiles = createLocalFiles();
