import { dirname, extname, join } from "node:path";
import { Worker } from "node:worker_threads";
import type { DecryptReply, DecryptRequest } from "./decryptWorker.ts";

/** Runs one slow computation off the event loop. */
export type KeyDecrypter = (request: DecryptRequest, signal?: AbortSignal) => Promise<DecryptReply>;

/**
 * The worker's code is beside this file and has the same extension. In the bundle, where esbuild replaces
 * `import.meta.filename` with `__filename`, it is `decryptWorker.cjs` beside `main.cjs`; in source (Node 24 runs
 * TypeScript) it is `decryptWorker.ts`.
 */
const thisFile = import.meta.filename;
const workerFile = join(dirname(thisFile), `decryptWorker${extname(thisFile)}`);

/** Milliseconds: ten times as long as the slowest key that ssh-keygen makes by default needs. */
const longestComputation = 60_000;

/**
 * Runs the request in a separate thread, which is terminated before the promise settles. Rejects when it can't run,
 * takes too long (a damaged file may require four billion rounds), or with the signal's reason.
 */
export function decryptInWorker(request: DecryptRequest, signal?: AbortSignal): Promise<DecryptReply> {
  return decryptWithin(request, longestComputation, signal);
}

/** @param limit milliseconds. */
export async function decryptWithin(
  request: DecryptRequest,
  limit: number,
  signal?: AbortSignal,
): Promise<DecryptReply> {
  signal?.throwIfAborted();
  const worker = new Worker(workerFile, { workerData: request, name: "ssh-key" });
  let timer: NodeJS.Timeout | undefined;
  let onAbort = (): void => {};
  try {
    return await new Promise<DecryptReply>((resolve, reject) => {
      timer = setTimeout(() => reject(new Error("The key's passphrase takes too long to check")), limit);
      onAbort = () => reject(signal?.reason);
      signal?.addEventListener("abort", onAbort, { once: true });
      worker.once("message", resolve);
      worker.once("error", reject);
      worker.once("exit", (code) => reject(new Error(`The key worker ended early with exit code ${code}`)));
    });
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
    // Not awaited: OpenSSL can't be interrupted, and this thread ends when it is done (see asksForTooMuch).
    worker.terminate().catch(() => {});
  }
}
