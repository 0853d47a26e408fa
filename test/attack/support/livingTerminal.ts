import { performance } from "node:perf_hooks";
import type { ConnectionEngine } from "../../../src/engine/connectionEngine.ts";
import { type SshdHost, startSshd } from "../../lab/sshdHost.ts";
import { FakePrompter } from "../../support/authFakes.ts";
import { healthStack } from "../../support/healthStack.ts";
import { LiveTab } from "../../support/liveTab.ts";
import { RecordingLogger } from "../../support/recordingLogger.ts";
import type { TestStack } from "../../support/testStack.ts";

/** Milliseconds between two typed lines. */
const pause = 250;

/** A terminal on a good connection, beside which the attacks run: the stack of an extension, with a real `sshd`. */
export class LivingTerminal {
  readonly stack: TestStack;
  readonly #host: SshdHost;
  readonly #tab: LiveTab;
  #typed = 0;

  private constructor(host: SshdHost, stack: TestStack) {
    this.#host = host;
    this.stack = stack;
    // The program repeats each line after the terminal's own echo.
    this.#tab = new LiveTab(stack, "cat");
  }

  static async start(engine: ConnectionEngine): Promise<LivingTerminal> {
    const host = await startSshd();
    try {
      const stack = await healthStack(host.sshConfigText("lab"), undefined, {
        localAddresses: () => "",
        engine,
        // Its log lines and questions count for the bounds.
        logger: new RecordingLogger(),
        authPrompter: new FakePrompter(),
      });
      const terminal = new LivingTerminal(host, stack);
      await terminal.echo();
      return terminal;
    } catch (error) {
      await host.stop();
      throw error;
    }
  }

  /** Types a line and waits for the program's reply. @returns the time in milliseconds */
  async echo(): Promise<number> {
    const begun = performance.now();
    const word = `line${++this.#typed}`;
    this.#tab.type(`${word}\r`);
    await this.#tab.waitFor(new RegExp(`${word}\\s+${word}\\b`));
    return performance.now() - begun;
  }

  /** Keeps typing until `work` is done, and once more. @returns the slowest reply, in milliseconds */
  async during<T>(work: () => Promise<T>): Promise<{ readonly result: T; readonly slowest: number }> {
    let done = false;
    let wake = (): void => {};
    let slowest = 0;
    const typing = (async () => {
      while (!done) {
        slowest = Math.max(slowest, await this.echo());
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, done ? 0 : pause);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      slowest = Math.max(slowest, await this.echo());
    })();
    const result = await work().finally(() => {
      done = true;
      wake();
      // Two lines at once would be invalid: the next one starts when this one has arrived.
      return typing.catch(() => {});
    });
    await typing;
    return { result, slowest };
  }

  async stop(): Promise<void> {
    this.#tab.controller.dispose();
    await this.stack[Symbol.asyncDispose]();
    await this.#host.stop();
  }
}
