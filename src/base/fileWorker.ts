import { parentPort } from "node:worker_threads";
import { asFileError, type FileErrorReason } from "./fileErrors.ts";
import { type FileAnswers, type FileJob, runFileJob } from "./fileJobs.ts";
import { blockingFiles, reporting } from "./rawFiles.ts";

/** What the worker posts back for each job. Posting an Error would lose its fields. */
export type FileReply =
  /** A system call returned. */
  | { readonly kind: "step" }
  | { readonly kind: "answer"; readonly answer: FileAnswers[FileJob["kind"]] }
  | {
      readonly kind: "refusal";
      readonly reason: FileErrorReason;
      readonly what: string;
      readonly code: string | undefined;
    };

const files = reporting(blockingFiles, () => parentPort?.postMessage({ kind: "step" } satisfies FileReply));

parentPort?.on("message", async (job: FileJob) => {
  parentPort?.postMessage(await reply(job));
});

async function reply(job: FileJob): Promise<FileReply> {
  try {
    return { kind: "answer", answer: await runFileJob(files, job) };
  } catch (error) {
    const { reason, what, code } = asFileError(job.path, error);
    return { kind: "refusal", reason, what, code };
  }
}
