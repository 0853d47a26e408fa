import { readFileSync } from "node:fs";
import type { Deadline } from "../base/deadline.ts";
import { ForwardError } from "../engine/engineErrors.ts";

/** One forward takes at most this many times what it leaves free: three quarters, if no other forward takes any. */
const greed = 3;

interface Waiting {
  readonly share: DescriptorShare;
  /** Called when a socket has been taken for it. */
  onTurn(): void;
}

/** The open sockets of all forwards together: each is a descriptor of the process. */
export class DescriptorBudget {
  readonly limit: number;
  /** Clients that may wait. They have descriptors, too. */
  readonly room: number;
  #used = 0;
  #waiting: Waiting[] = [];

  constructor(limit = halfOfDescriptors()) {
    this.limit = limit;
    this.room = Math.ceil(limit / 4);
  }

  get used(): number {
    return this.#used;
  }

  /** For one forward. No forward can leave nothing for the others. */
  share(): DescriptorShare {
    return new DescriptorShare(this);
  }

  /** For the shares. */
  tryTake(share: DescriptorShare): boolean {
    if (share.used >= fairPart(this.limit - this.#used)) {
      return false;
    }
    this.#used++;
    share.used++;
    return true;
  }

  /** For the shares. */
  hasRoom(share: DescriptorShare): boolean {
    return share.waiting < fairPart(this.room - this.#waiting.length);
  }

  /** For the shares. @returns what leaves the queue */
  queue(entry: Waiting): () => void {
    this.#waiting.push(entry);
    entry.share.waiting++;
    return () => {
      this.#waiting = this.#waiting.filter((other) => other !== entry);
      entry.share.waiting--;
    };
  }

  /** For the shares. */
  giveBack(share: DescriptorShare): void {
    this.#used--;
    share.used--;
    for (const { share: next, onTurn } of this.#waiting.slice()) {
      if (this.#used >= this.limit) {
        break;
      }
      if (this.tryTake(next)) {
        onTurn();
      }
    }
  }
}

function fairPart(free: number): number {
  return greed * free;
}

/** The part of a budget that one forward uses. */
export class DescriptorShare {
  readonly #budget: DescriptorBudget;
  used = 0;
  waiting = 0;

  constructor(budget: DescriptorBudget) {
    this.#budget = budget;
  }

  /** @returns whether a socket was taken. Then call `giveBack` once. */
  tryTake(): boolean {
    return this.waiting === 0 && this.#budget.tryTake(this);
  }

  /**
   * Resolves when a socket is available, in the order of the calls; call `giveBack` once then. Node can't leave a
   * client in the listener's backlog, so a waiting client is accepted and not read, which it can't distinguish.
   * @returns undefined when too many wait
   * @throws the signal's reason
   */
  take(signal: AbortSignal): Promise<void> | undefined {
    if (this.tryTake()) {
      return Promise.resolve();
    }
    return this.#budget.hasRoom(this) ? this.#wait(signal) : undefined;
  }

  /**
   * Like `take`, for a bounded time: those that hold the sockets may wait for this very client.
   * @throws ForwardError `no-descriptors`, or the reason of a deadline that was cancelled
   */
  async takeInTime(deadline: () => Pick<Deadline, "signal" | "dispose">): Promise<void> {
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
    this.#budget.giveBack(this);
  }

  #wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason);
        return;
      }
      const leave = this.#budget.queue({
        share: this,
        onTurn: () => {
          signal.removeEventListener("abort", onAbort);
          leave();
          resolve();
        },
      });
      const onAbort = (): void => {
        leave();
        reject(signal.reason);
      };
      signal.addEventListener("abort", onAbort, { once: true });
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
