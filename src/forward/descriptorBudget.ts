import { readFileSync } from "node:fs";
import type { Deadline } from "../base/deadline.ts";
import { ForwardError } from "../engine/engineErrors.ts";

/** The open sockets of all forwards together: each is a descriptor of the process. */
export class DescriptorBudget {
  readonly limit: number;
  #used = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(limit = halfOfDescriptors()) {
    this.limit = limit;
  }

  get used(): number {
    return this.#used;
  }

  /**
   * Resolves when a socket is available, in the order of the calls; call `giveBack` once then. Node can't leave a
   * client in the listener's backlog, so a waiting client is accepted and not read, which it can't distinguish.
   * @returns undefined when a quarter of the limit already waits.
   * @throws the signal's reason
   */
  take(signal: AbortSignal): Promise<void> | undefined {
    if (this.#used < this.limit) {
      this.#used++;
      return Promise.resolve();
    }
    return this.#waiting.length >= Math.ceil(this.limit / 4) ? undefined : this.#wait(signal);
  }

  /**
   * Like `take`, for a bounded time: those that hold the sockets may wait for this very client. A forward to its own
   * port, through a server that is this computer, does so until all sockets are in use.
   * @throws ForwardError `no-descriptors`, or the reason of a deadline that was cancelled
   */
  async takeInTime(deadline: () => Pick<Deadline, "signal" | "dispose">): Promise<void> {
    if (this.#used < this.limit) {
      this.#used++;
      return;
    }
    const limit = deadline();
    try {
      const turn = this.take(limit.signal);
      if (turn === undefined) {
        throw tooMany();
      }
      await turn;
    } catch (error) {
      throw ForwardError.is(error) ? tooMany(error) : error;
    } finally {
      limit.dispose();
    }
  }

  giveBack(): void {
    const next = this.#waiting.shift();
    if (next === undefined) {
      this.#used--;
    } else {
      next();
    }
  }

  #wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const onTurn = (): void => {
        signal.removeEventListener("abort", onAbort);
        resolve();
      };
      const onAbort = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(onTurn), 1);
        reject(signal.reason);
      };
      if (signal.aborted) {
        reject(signal.reason);
        return;
      }
      signal.addEventListener("abort", onAbort, { once: true });
      this.#waiting.push(onTurn);
    });
  }
}

function tooMany(cause?: Error): ForwardError {
  return new ForwardError("no-descriptors", "Too many connections are open", cause && { cause });
}

/** What most systems allow a process at least. */
const usualLimit = 1024;

/** Half of the process's limit (getrlimit(2), RLIMIT_NOFILE): the other half is for terminals, files and extensions. */
function halfOfDescriptors(): number {
  try {
    const [, soft] = /^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "latin1")) ?? [];
    return Math.floor(Number(soft ?? usualLimit) / 2);
  } catch {
    return usualLimit / 2;
  }
}
