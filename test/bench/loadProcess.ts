import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Disposable } from "../../src/base/disposable.ts";
import type { LoadAnswer, LoadQuestion } from "./forwardLoad.ts";

/** A process that makes or accepts connections. See forwardLoad.ts. */
export class LoadProcess implements Disposable {
  readonly #child: ChildProcess;

  constructor() {
    this.#child = fork(fileURLToPath(new URL("./forwardLoad.ts", import.meta.url)));
  }

  async ask(question: LoadQuestion): Promise<LoadAnswer> {
    const answer = once(this.#child, "message");
    this.#child.send(question);
    const [{ numbers, error }] = (await answer) as [{ numbers?: LoadAnswer; error?: string }];
    if (numbers === undefined) {
      throw new Error(`${question.kind}: ${error}`);
    }
    return numbers;
  }

  dispose(): void {
    this.#child.kill();
  }
}
