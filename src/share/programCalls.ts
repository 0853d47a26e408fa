import type { Clock } from "../base/clock.ts";
import type { Disposable } from "../base/disposable.ts";
import { guarded } from "../base/guarded.ts";
import { runProgram } from "../base/runProgram.ts";

/** Most programs open a session soon, or have ended. Milliseconds. */
const patience = 500;

/** For `ps`. Milliseconds, and bytes. */
const programPatience = 10_000;
const longestOutput = 64 * 1024;

/** Characters of what a program was called with. */
const longestCall = 1_000;

/** A program without a session, which does not say what it does. */
export interface SilentProgram {
  readonly id: string;
  readonly pid: number;
}

export interface ProgramCallsInit {
  readonly clock: Clock;
  silent(): readonly SilentProgram[];
  changed(): void;
}

/** What programs without a session (`ssh -N`) were called with, as the system says. */
export class ProgramCalls implements Disposable {
  readonly #init: ProgramCallsInit;
  /** By the program's id. */
  readonly #calls = new Map<string, string>();
  #timer: Disposable | undefined;
  /** Programs came since the timer began. */
  #isMore = false;
  #disposed = false;

  constructor(init: ProgramCallsInit) {
    this.#init = init;
  }

  of(id: string): string | undefined {
    return this.#calls.get(id);
  }

  /** A program has come. */
  came(): void {
    if (this.#timer !== undefined) {
      this.#isMore = true;
      return;
    }
    this.#timer = this.#init.clock.setTimeout(() => {
      this.#timer = undefined;
      this.#look().catch(guarded(() => {}));
      if (this.#isMore) {
        this.#isMore = false;
        this.came();
      }
    }, patience);
  }

  left(id: string): void {
    this.#calls.delete(id);
  }

  dispose(): void {
    this.#disposed = true;
    this.#timer?.dispose();
  }

  async #look(): Promise<void> {
    for (const { id, pid } of this.#init.silent().filter((each) => !this.#calls.has(each.id))) {
      const { stdout } = await runProgram("ps", ["-ww", "-o", "command=", "-p", String(pid)], {
        signal: AbortSignal.timeout(programPatience),
        ...{ longestOutput, longestErrors: 1_000 },
      });
      const call = callIn(stdout.toString());
      if (!this.#disposed && call !== undefined && this.#init.silent().some((each) => each.id === id)) {
        this.#calls.set(id, call);
        this.#init.changed();
      }
    }
  }
}

/** Without what the wrapper has added. Undefined: the process is no `ssh`. */
function callIn(command: string): string | undefined {
  const call = /^(?:\S*\/)?ssh (.*)$/.exec(command.trim())?.[1];
  return call
    ?.replace(/^-S \S+ -O proxy -o SendEnv=\S+ (?:-o RemoteForward=\S+ \S+ )?/, "")
    .slice(0, longestCall);
}
