import { dirname, extname, join } from "node:path";
import { Worker } from "node:worker_threads";
import type { DecryptReply, DecryptRequest } from "./decryptWorker.ts";

/** Does one slow computation off the event loop. */
export type KeyDecrypter = (request: DecryptRequest) => Promise<DecryptReply>;

/**
 * Where the worker's code is: beside this file, and with its extension. In the bundle, where esbuild puts `__filename`
 * in place of `import.meta.filename`, that is `decryptWorker.cjs` beside `extension.cjs`; from source (Node 24 runs
 * TypeScript) it is `decryptWorker.ts`.
 */
const thisFile = import.meta.filename;
const workerFile = join(dirname(thisFile), `decryptWorker${extname(thisFile)}`);

/** Runs the request in a thread of its own, which has ended when the promise settles. Rejects when it can't run. */
export const decryptInWorker: KeyDecrypter = async (request) => {
  const worker = new Worker(workerFile, { workerData: request, name: "ssh-key" });
  try {
    return await new Promise<DecryptReply>((resolve, reject) => {
      worker.once("message", resolve);
      worker.once("error", reject);
      worker.once("exit", (code) => reject(new Error(`The key worker ended early with exit code ${code}`)));
    });
  } finally {
    await worker.terminate();
  }
};
