import { dirname, extname, join } from "node:path";
import { Worker } from "node:worker_threads";
import type { DhGroup, DhReply } from "./dhWorker.ts";

// In the bundle `dhWorker.cjs` beside `main.cjs`; in source (Node 24 runs TypeScript) `dhWorker.ts`.
const thisFile = import.meta.filename;
const workerFile = join(dirname(thisFile), `dhWorker${extname(thisFile)}`);

/** A finite field key pair whose private number never leaves its thread. Call `end` when done. */
export class DhThread {
  readonly #worker: Worker;
  readonly #replies: DhReply[] = [];
  #waiting: { resolve(reply: DhReply): void; reject(error: unknown): void } | undefined;
  #failure: unknown;

  constructor(group: DhGroup) {
    this.#worker = new Worker(workerFile, { workerData: group, name: "ssh-key-exchange" });
    // An abandoned connection must not keep the process alive.
    this.#worker.unref();
    this.#worker.on("message", (reply: DhReply) => {
      const waiting = this.#waiting;
      this.#waiting = undefined;
      if (waiting === undefined) {
        this.#replies.push(reply);
      } else {
        waiting.resolve(reply);
      }
    });
    this.#worker.on("error", (error) => this.#fail(error));
    this.#worker.on("exit", () => this.#fail(new Error("The key exchange thread ended early")));
  }

  /** Our public number. */
  publicNumber(): Promise<DhReply> {
    return this.#next();
  }

  /** The shared secret; undefined when the server's number is not valid for the group. */
  secretWith(peer: Uint8Array): Promise<DhReply> {
    this.#worker.postMessage(peer);
    return this.#next();
  }

  /** Idempotent. */
  end(): void {
    this.#worker.terminate().catch(() => {});
  }

  #next(): Promise<DhReply> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) {
        reject(this.#failure);
      } else if (this.#replies.length > 0) {
        resolve(this.#replies.shift());
      } else {
        this.#waiting = { resolve, reject };
      }
    });
  }

  #fail(error: unknown): void {
    this.#failure ??= error;
    this.#waiting?.reject(this.#failure);
    this.#waiting = undefined;
  }
}
