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
import { poolFiles, reporting } from "./rawFiles.ts";

/**
 * Every access to a file whose path a person, a workspace or another program may choose. Only regular files are read;
 * sizes are bounded; what hangs occupies at most one of the threads that all extensions share (see FileLane).
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

  /** Names in a folder, in no order. @throws FileError */
  list(path: string, limit: number): Promise<FolderNames> {
    return this.#lane.run({ kind: "list", path, limit });
  }

  /**
   * Adds `line` (given without its end) to a file, which is created with mode 0600 when it is missing. A last line
   * without an end gets one first. After a failure nothing of the line is in the file.
   * @param folder created with mode 0700 when it is missing.
   * @param crlf the file's lines end with CR LF.
   * @throws FileError
   */
  async append(path: string, line: string, folder?: string, crlf = false): Promise<void> {
    await this.#lane.run({ kind: "append", path, line, crlf, ...(folder !== undefined && { folder }) });
  }

  /**
   * Puts `data` in the place of a file's contents, whole or not at all; those become `path.old`.
   * @param before what the file holds as far as the caller knows: when it holds something else by now, it stays.
   * @throws FileError
   */
  async replace(path: string, before: Uint8Array, data: Uint8Array): Promise<void> {
    await this.#lane.run({ kind: "replace", path, before, data });
  }
}

/** A seat in libuv's pool. */
export function poolSeat(raw: RawFiles = poolFiles): FileSeat {
  return { run: (job, onStep) => runFileJob(reporting(raw, onStep), job) };
}

const thisFile = import.meta.filename;
/** Beside this file in source, beside `main.cjs` in the bundle. */
const workerFile = join(dirname(thisFile), `fileWorker${extname(thisFile)}`);

/** A seat with a thread of its own, started with the first job and ended when there are no more. */
export class WorkerSeat implements FileSeat {
  #worker: Worker | undefined;

  run(job: FileJob, onStep: () => void): Promise<FileAnswers[FileJob["kind"]]> {
    this.#worker ??= new Worker(workerFile, { name: "ssh-files" });
    const worker = this.#worker;
    // A thread that hangs must not keep the process alive.
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

/** The one instance of this process: the bound on threads holds for all users together. */
export const localFiles: LocalFiles = createLocalFiles();
