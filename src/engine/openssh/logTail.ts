import { type FSWatcher, watch } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import type { Disposable } from "../../base/disposable.ts";
import { guarded } from "../../base/guarded.ts";

/** Bytes. `ssh -v` writes a line or two for each channel: the file must not grow for the life of the connection. */
const largestLog = 1024 * 1024;

/** Follows the log file of one `ssh` (option `-E`), which `ssh` appends to. */
export class LogTail implements Disposable {
  readonly #file: FileHandle;
  readonly #onText: (text: string) => void;
  readonly #watcher: FSWatcher | undefined;
  #at = 0;
  #reading: Promise<void> = Promise.resolve();

  private constructor(path: string, file: FileHandle, onText: (text: string) => void, follow: boolean) {
    this.#file = file;
    this.#onText = onText;
    this.#watcher = follow
      ? watch(
          path,
          guarded(() => void this.drain()),
        )
      : undefined;
    this.#watcher?.on("error", () => {});
  }

  /**
   * Creates the file if it is missing.
   * @param follow call `onText` whenever the file grows, not only in `drain`
   */
  static async open(path: string, onText: (text: string) => void, follow: boolean): Promise<LogTail> {
    return new LogTail(path, await open(path, "a+", 0o600), onText, follow);
  }

  /** Resolves when everything in the file has been read. Never rejects. */
  drain(): Promise<void> {
    this.#reading = this.#reading.then(() => this.#read()).catch(() => {});
    return this.#reading;
  }

  /** Stops reading the file as it grows. */
  unfollow(): void {
    this.#watcher?.close();
  }

  /** Truncates a file that has grown large. `ssh` appends, so it continues at the new end. Never rejects. */
  async trim(limit = largestLog): Promise<void> {
    try {
      if ((await this.#file.stat()).size > limit) {
        await this.#file.truncate(0);
        this.#at = 0;
      }
    } catch {
      // A failure here does not affect the connection.
    }
  }

  dispose(): void {
    this.unfollow();
    void this.#reading.then(() => this.#file.close()).catch(() => {});
  }

  async #read(): Promise<void> {
    const buffer = Buffer.alloc(64 * 1024);
    for (;;) {
      const { bytesRead } = await this.#file.read(buffer, 0, buffer.length, this.#at);
      if (bytesRead === 0) {
        return;
      }
      this.#at += bytesRead;
      this.#onText(buffer.toString("utf8", 0, bytesRead));
    }
  }
}
