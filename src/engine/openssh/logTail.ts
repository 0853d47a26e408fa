import { watch } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { systemClock } from "../../base/clock.ts";
import { type Disposable, toDisposable } from "../../base/disposable.ts";
import { guarded } from "../../base/guarded.ts";

/**
 * Bytes. `ssh -v` writes a line or two for each channel, and one for each SSH_MSG_DEBUG, which a server may send
 * without end: the file must not grow for the life of the connection.
 */
const largestLog = 1024 * 1024;

/** How often the file is looked at where it can't be watched. Milliseconds. */
const lookEvery = 250;

/** What happens when the file grows: its new text is read, or it is only kept small until `drain`. */
export type LogFollowing = "read" | "keep-small";

/** Follows the log file of one `ssh` (option `-E`), which `ssh` appends to. A file above 1 MiB is truncated. */
export class LogTail implements Disposable {
  readonly #file: FileHandle;
  readonly #onText: (text: string) => void;
  readonly #watcher: Disposable;
  #at = 0;
  #work: Promise<void> = Promise.resolve();
  #isTrimming = false;

  private constructor(path: string, file: FileHandle, onText: (text: string) => void, follow: LogFollowing) {
    this.#file = file;
    this.#onText = onText;
    this.#watcher = watchFile(
      path,
      guarded(() => void (follow === "read" ? this.drain() : this.#keepSmall())),
    );
  }

  /** Creates the file if it is missing. */
  static async open(path: string, onText: (text: string) => void, follow: LogFollowing): Promise<LogTail> {
    return new LogTail(path, await open(path, "a+", 0o600), onText, follow);
  }

  /** Resolves when everything in the file has been read. Never rejects. */
  drain(): Promise<void> {
    return this.#queue(() => this.#read());
  }

  /** Truncates a file above `limit` bytes. `ssh` appends, so it continues at the new end. Never rejects. */
  trim(limit = largestLog): Promise<void> {
    return this.#queue(async () => {
      if ((await this.#file.stat()).size > limit) {
        await this.#truncate();
      }
    });
  }

  dispose(): void {
    this.#watcher.dispose();
    void this.#work.then(() => this.#file.close()).catch(() => {});
  }

  /** One check at a time, however many lines are written meanwhile. */
  async #keepSmall(): Promise<void> {
    if (!this.#isTrimming) {
      this.#isTrimming = true;
      await this.trim();
      this.#isTrimming = false;
    }
  }

  /** A failure here does not affect the connection. */
  #queue(step: () => Promise<void>): Promise<void> {
    this.#work = this.#work.then(step).catch(() => {});
    return this.#work;
  }

  async #read(): Promise<void> {
    const buffer = Buffer.alloc(64 * 1024);
    for (;;) {
      const { bytesRead } = await this.#file.read(buffer, 0, buffer.length, this.#at);
      if (bytesRead === 0) {
        break;
      }
      this.#at += bytesRead;
      this.#onText(buffer.toString("utf8", 0, bytesRead));
    }
    if (this.#at > largestLog) {
      await this.#truncate();
    }
  }

  async #truncate(): Promise<void> {
    await this.#file.truncate(0);
    this.#at = 0;
  }
}

/** The watches of a user are few, and other programs may have all of them (inotify(7), ENOSPC). */
function watchFile(path: string, onChange: () => void): Disposable {
  try {
    const watcher = watch(path, onChange);
    watcher.on("error", () => {});
    return toDisposable(() => watcher.close());
  } catch {
    let timer: Disposable;
    const look = (): void => {
      onChange();
      timer = systemClock.setTimeout(look, lookEvery);
    };
    timer = systemClock.setTimeout(look, lookEvery);
    return toDisposable(() => timer.dispose());
  }
}
