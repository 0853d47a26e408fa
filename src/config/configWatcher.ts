import { type FSWatcher, watch } from "node:fs";
import { posix, win32 } from "node:path";
import type { Clock } from "../base/clock.ts";
import type { Disposable } from "../base/disposable.ts";
import { Emitter, type Event } from "../base/emitter.ts";
import type { Logger } from "../base/log.ts";

/** Editors write in several steps; what comes within this time is one change. */
const settleMilliseconds = 200;

/**
 * Says when files change. Watches the folders, because editors replace files; for a folder that is not there yet,
 * its parent. Owns its watchers, which don't keep the process alive.
 */
export class ConfigWatcher implements Disposable {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #paths: typeof posix;
  readonly #changed = new Emitter<void>();
  /** Folder -> names in it that matter; `*`: all. */
  readonly #folders = new Map<string, { names: Set<string>; watcher: FSWatcher | undefined }>();
  #timer: Disposable | undefined;
  #isDisposed = false;

  constructor(clock: Clock, logger: Logger, platform: NodeJS.Platform) {
    this.#clock = clock;
    this.#logger = logger;
    this.#paths = platform === "win32" ? win32 : posix;
  }

  readonly onDidChange: Event<void> = (listener) => this.#changed.event(listener);

  /** Watches these files from now on, and all that is in those folders whose path ends with a slash. */
  watch(paths: Iterable<string>): void {
    for (const path of paths) {
      const normal = this.#paths.normalize(path);
      if (path.endsWith("/")) {
        this.#watchName(normal.length > 1 ? normal.slice(0, -1) : normal, "*");
      } else {
        this.#watchName(this.#paths.dirname(normal), this.#paths.basename(normal));
      }
    }
  }

  dispose(): void {
    this.#isDisposed = true;
    this.#timer?.dispose();
    this.#close();
    this.#changed.dispose();
  }

  #close(): void {
    for (const { watcher } of this.#folders.values()) {
      watcher?.close();
    }
    this.#folders.clear();
  }

  #watchName(folder: string, name: string): void {
    if (this.#isDisposed || name === "") {
      return;
    }
    const known = this.#folders.get(folder);
    if (known !== undefined) {
      known.names.add(name);
      if (known.watcher !== undefined) {
        return;
      }
    }
    const names = known?.names ?? new Set([name]);
    const watcher = this.#open(folder, names);
    this.#folders.set(folder, { names, watcher });
    if (watcher === undefined && this.#paths.dirname(folder) !== folder) {
      this.#watchName(this.#paths.dirname(folder), this.#paths.basename(folder));
    }
  }

  #open(folder: string, names: ReadonlySet<string>): FSWatcher | undefined {
    try {
      const watcher = watch(folder, { persistent: false }, (_, name) => {
        if (name === null || names.has(name) || names.has("*")) {
          this.#onEvent();
        }
      });
      watcher.on("error", (error) => {
        this.#logger.debug(`No longer watching ${folder}: ${error.message}`);
        this.#onEvent();
      });
      return watcher;
    } catch {
      return undefined;
    }
  }

  #onEvent(): void {
    this.#timer?.dispose();
    if (!this.#isDisposed) {
      this.#timer = this.#clock.setTimeout(() => this.#onSettled(), settleMilliseconds);
    }
  }

  /** A folder may be another one now, may have come or gone: all watchers are made anew. */
  #onSettled(): void {
    const watched = [...this.#folders].map(([folder, { names }]) => [folder, [...names]] as const);
    this.#close();
    for (const [folder, names] of watched) {
      for (const name of names) {
        this.#watchName(folder, name);
      }
    }
    this.#changed.fire();
  }
}
