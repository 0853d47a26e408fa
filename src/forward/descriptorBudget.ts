import { readFileSync } from "node:fs";

/** Sockets of forwards that are open at the same time, in all forwards together: each is a descriptor of the process. */
export class DescriptorBudget {
  readonly limit: number;
  #used = 0;

  constructor(limit = halfOfDescriptors()) {
    this.limit = limit;
  }

  get used(): number {
    return this.#used;
  }

  /** @returns false when there is none left; otherwise `giveBack` is to be called once. */
  take(): boolean {
    if (this.#used >= this.limit) {
      return false;
    }
    this.#used++;
    return true;
  }

  giveBack(): void {
    this.#used--;
  }
}

/** What most systems give a process at least. */
const usualLimit = 1024;

/** Half of what the process may have (getrlimit(2), RLIMIT_NOFILE): the other half is for terminals, files and extensions. */
function halfOfDescriptors(): number {
  try {
    const [, soft] = /^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "latin1")) ?? [];
    return Math.floor(Number(soft ?? usualLimit) / 2);
  } catch {
    return usualLimit / 2;
  }
}
