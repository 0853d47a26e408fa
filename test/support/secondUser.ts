import { type ChildProcess, spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { exited } from "../lab/watchdog.ts";
import type { TestStack } from "./testStack.ts";

/** `nobody`. The tests run as root. */
export const second = { uid: 65_534, gid: 65_534 } as const;

/** Runs a program of the second user. Its standard output is a pipe. */
function runAsSecond(script: string, ...args: readonly string[]): ChildProcess {
  return spawn(process.execPath, ["-e", script, ...args], {
    ...{ ...second, cwd: "/", stdio: ["ignore", "pipe", "inherit"] },
  });
}

export async function outputOf({ stdout }: ChildProcess): Promise<string> {
  return stdout === null ? "" : (await text(stdout)).trim();
}

/** What each of the paths answers the second user. */
export async function attempts(paths: readonly string[]): Promise<readonly string[]> {
  const script = `
    const answers = process.argv.slice(1).map((path) => new Promise((resolve) => {
      const socket = require("net").connect(path);
      socket.on("connect", () => { socket.destroy(); resolve("connected"); });
      socket.on("error", (error) => resolve(error.code));
    }));
    Promise.all(answers).then((all) => console.log(JSON.stringify(all)));`;
  return JSON.parse(await outputOf(runAsSecond(script, ...paths)));
}

/** The windows and the programs of one test, which end with it. */
export class TwoUsers implements AsyncDisposable {
  readonly #stacks: TestStack[] = [];
  readonly #children: ChildProcess[] = [];

  /** Its disposal is to be idempotent. */
  window(stack: TestStack): TestStack {
    this.#stacks.push(stack);
    return stack;
  }

  program(child: ChildProcess): ChildProcess {
    this.#children.push(child);
    return child;
  }

  attacker(script: string, ...args: readonly string[]): ChildProcess {
    return this.program(runAsSecond(script, ...args));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const stack of this.#stacks) {
      await stack[Symbol.asyncDispose]();
    }
    for (const child of this.#children) {
      child.kill("SIGKILL");
      await exited(child);
    }
  }
}
