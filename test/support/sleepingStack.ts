import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { exited } from "../lab/watchdog.ts";

/** A stack in a separate process, with a shell on the host `lab`, that sleeps and wakes like its machine. */
export class SleepingStack {
  readonly #process: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #input: NodeJS.WritableStream;

  /**
   * @param config text of an ssh_config. @param interval seconds
   * @param target forwards a port to this one of the server: see sleepChild.ts
   */
  constructor(config: string, interval: number, countMax: number, target?: number) {
    const file = fileURLToPath(new URL("sleepChild.ts", import.meta.url));
    const child = spawn(
      process.execPath,
      [file, config, String(interval), String(countMax), ...(target === undefined ? [] : [String(target)])],
      {
        stdio: ["pipe", "pipe", "inherit"],
      },
    );
    this.#process = child;
    this.#input = child.stdin;
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  }

  /** The next state of the master, or `answered` after `ask`. Undefined if the process has ended. */
  async next(): Promise<string | undefined> {
    const line = await this.#lines.next();
    return line.done ? undefined : line.value;
  }

  sleep(): void {
    this.#process.kill("SIGSTOP");
  }

  wake(): void {
    this.#process.kill("SIGCONT");
  }

  /** Makes the shell print something. */
  ask(): void {
    this.#input.write("ask\n");
  }

  async stop(): Promise<void> {
    this.#process.kill("SIGKILL");
    await exited(this.#process);
  }
}
