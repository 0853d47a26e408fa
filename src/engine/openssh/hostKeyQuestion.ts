import { constants, type FSWatcher, watch } from "node:fs";
import { type FileHandle, open, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Disposable } from "../../base/disposable.ts";
import { guarded } from "../../base/guarded.ts";
import { quoteForShell } from "./quoteForShell.ts";

const [question, answer] = ["question", "answer"];

/**
 * The script of KnownHostsCommand, for sh, because a Node program would take as long to start as the rest of a login.
 * It writes the key to a file and waits for the answer in a named pipe. Once we have opened the pipe, its wait ends
 * when we end. `ssh` also asks for the known keys before the key exchange (ORDER); HostKeyAlgorithms already covers
 * that.
 */
export function hostKeyScript(folder: string): string {
  const [asks, answers] = [question, answer].map((name) => quoteForShell(join(folder, name)));
  return `[ "$1" = ORDER ] && exit 0
umask 077
mkfifo ${answers} && kill -0 ${process.pid} && printf '%s\\n' "$3" >${asks} || exit 1
IFS= read -r line <${answers} && printf '%s\\n' "$line"
`;
}

/** Answers that script's question. */
export class HostKeyQuestion implements Disposable {
  readonly #folder: string;
  readonly #decide: (key: Buffer) => Promise<string>;
  readonly #failed: (error: unknown) => void;
  readonly #watcher: FSWatcher;
  #isAsked = false;
  #isAnswered = false;
  #answers: FileHandle | undefined;
  #isOver = false;

  /**
   * @param decide gets the key in SSH wire format, and resolves to one line for known_hosts. A rejection ends the
   * login.
   */
  constructor(folder: string, decide: (key: Buffer) => Promise<string>, failed: (error: unknown) => void) {
    this.#folder = folder;
    this.#decide = decide;
    this.#failed = failed;
    this.#watcher = watch(
      folder,
      guarded((_, name) => {
        if (name === question && !this.#isAsked) {
          this.#answer().catch((error: unknown) => this.#fail(error));
        }
      }),
    );
    this.#watcher.on(
      "error",
      guarded((error: Error) => this.#fail(error)),
    );
  }

  /** The script waits for an answer. */
  get isOpen(): boolean {
    return this.#isAsked && !this.#isAnswered;
  }

  dispose(): void {
    this.#isOver = true;
    this.#watcher.close();
    this.#answers?.close().catch(() => {});
  }

  #fail(error: unknown): void {
    if (!this.#isOver) {
      this.#failed(error);
    }
  }

  async #answer(): Promise<void> {
    const asked = await readFile(join(this.#folder, question), "latin1");
    if (!asked.endsWith("\n") || this.#isAsked || this.#isOver) {
      return;
    }
    this.#isAsked = true;
    // With our own reader open, this does not wait for the script to open its end.
    const answers = await open(join(this.#folder, answer), constants.O_RDWR | constants.O_NONBLOCK);
    if (this.#isOver) {
      await answers.close();
      return;
    }
    this.#answers = answers;
    const line = await this.#decide(Buffer.from(asked, "base64"));
    if (!this.#isOver) {
      this.#isAnswered = true;
      await answers.write(`${line}\n`);
    }
  }
}
