import { type FSWatcher, watch } from "node:fs";
import { posix, win32 } from "node:path";
import type { Clock } from "../base/clock.ts";
import type { Disposable } from "../base/disposable.ts";
import { Emitter, type Event } from "../base/emitter.ts";
import { FileError } from "../base/fileErrors.ts";
import { guarded } from "../base/guarded.ts";
import { type LocalFiles, localFiles } from "../base/localFiles.ts";
import type { Logger } from "../base/log.ts";
import { FolderPoller } from "./folderPoller.ts";

/** Editors save in several steps; changes within this time count as one. */
const settleMilliseconds = 200;

/** The system has its own limit, which all programs of the user share. */
const mostFolders = 500;

interface Watched {
  readonly names: Set<string>;
  watcher: { close(): void } | undefined;
  opening: Promise<void> | undefined;
}

/**
 * Reports when files change. It watches the folders, because editors replace files; for a missing folder it watches
 * the parent. It owns its watchers, which don't keep the process alive.
 */
export class ConfigWatcher implements Disposable {
  readonly #files: LocalFiles;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #paths: typeof posix;
  readonly #changed = new Emitter<void>();
  /** Maps a folder to the names in it that matter; `*`: all. */
  readonly #folders = new Map<string, Watched>();
  #timer: Disposable | undefined;
  #isDisposed = false;

  constructor(clock: Clock, logger: Logger, platform: NodeJS.Platform, files: LocalFiles = localFiles) {
    this.#files = files;
    this.#clock = clock;
    this.#logger = logger;
    this.#paths = platform === "win32" ? win32 : posix;
  }

  readonly onDidChange: Event<void> = (listener) => this.#changed.event(listener);

  /** From now on watches these files, and everything in the folders whose paths end with a slash. */
  async watch(paths: Iterable<string>): Promise<void> {
    for (const path of paths) {
      const normal = this.#paths.normalize(path);
      if (path.endsWith("/")) {
        await this.#watchName(normal.length > 1 ? normal.slice(0, -1) : normal, "*");
      } else {
        await this.#watchName(this.#paths.dirname(normal), this.#paths.basename(normal));
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

  async #watchName(folder: string, name: string): Promise<void> {
    if (this.#isDisposed || name === "") {
      return;
    }
    let known = this.#folders.get(folder);
    if (known === undefined) {
      if (this.#folders.size >= mostFolders) {
        return;
      }
      known = { names: new Set(), watcher: undefined, opening: undefined };
      this.#folders.set(folder, known);
    }
    known.names.add(name);
    if (known.watcher === undefined) {
      known.opening ??= this.#open(folder, known);
      await known.opening;
    }
  }

  /**
   * fs.watch(2) itself would block the event loop on a hung mount. So the folder must reply first, and a file system
   * that may hang between the two steps is never watched.
   */
  async #open(folder: string, watched: Watched): Promise<void> {
    let mayHang = false;
    const isThere = await this.#files.stat(folder).then(
      (facts) => {
        mayHang = facts.mayHang === true;
        return facts.kind === "folder";
      },
      (error: unknown) => (FileError.is(error) && error.reason === "unresponsive" ? undefined : false),
    );
    watched.opening = undefined;
    if (this.#folders.get(folder) !== watched) {
      return;
    }
    if (isThere === undefined) {
      return;
    }
    const old = watched.watcher;
    watched.watcher = !isThere
      ? undefined
      : mayHang
        ? this.#poll(folder, watched.names)
        : this.#start(folder, watched.names);
    old?.close();
    if (watched.watcher === undefined && this.#paths.dirname(folder) !== folder) {
      await this.#watchName(this.#paths.dirname(folder), this.#paths.basename(folder));
    }
  }

  #poll(folder: string, names: ReadonlySet<string>): FolderPoller {
    const paths = (): readonly string[] =>
      [...names].filter((name) => name !== "*").map((name) => this.#paths.join(folder, name));
    return new FolderPoller(this.#files, this.#clock, folder, paths, () => this.#onEvent());
  }

  #start(folder: string, names: ReadonlySet<string>): FSWatcher | undefined {
    try {
      const onChange = guarded((_: string, name: string | null) => {
        if (name === null || names.has(name) || names.has("*")) {
          this.#onEvent();
        }
      });
      const watcher = watch(folder, { persistent: false }, onChange);
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

  /**
   * A folder may have been replaced, created or deleted: make all watchers again, and keep the old ones until then.
   */
  #onSettled(): void {
    for (const [folder, watched] of this.#folders) {
      watched.opening ??= this.#open(folder, watched);
    }
    this.#changed.fire();
  }
}
