import type { Clock } from "../../base/clock.ts";
import { type Disposable, DisposableStore } from "../../base/disposable.ts";
import { Emitter } from "../../base/emitter.ts";
import type { RemoteViewService } from "../../remote/remoteViewService.ts";
import type { MasterSnapshot } from "../../session/masterSnapshotTypes.ts";
import type { SessionService } from "../../session/sessionServiceTypes.ts";

/** Milliseconds from the end of one reading to the next. */
export const readEvery = 10_000;
/** After a failed reading: a server that does not respond, or has no shell, is asked less often. */
export const readAfterFailure = 60_000;

interface Watched {
  /** Monotonic. Undefined: not read yet. */
  readAt: number | undefined;
  failed: boolean;
  reading: boolean;
  timer: Disposable | undefined;
}

/**
 * Reads a server's view when its fold is opened, and repeatedly while it is visible. A lingering master is read when
 * its fold is opened and then not again; one that does not respond is not read at all. No vscode.
 */
export class RemotePolling implements Disposable {
  readonly #view: RemoteViewService;
  readonly #service: SessionService;
  readonly #clock: Clock;
  readonly #store = new DisposableStore();
  /** The masters with an open fold. */
  readonly #watched = new Map<string, Watched>();
  /** The masters with a fold. */
  readonly #shown = new Set<string>();
  readonly #changed = new Emitter<void>();
  /** A fold was shown, hidden, opened or closed. */
  readonly onDidChange = this.#changed.event;
  #visible = false;

  constructor(view: RemoteViewService, service: SessionService, clock: Clock) {
    this.#view = view;
    this.#service = service;
    this.#clock = clock;
    this.#store.add(service.onDidChange(() => this.#update()));
  }

  /** There is a fold: the user requested it, or a login hangs there. */
  isShown(masterId: string): boolean {
    return (
      this.#shown.has(masterId) ||
      (this.#view.snapshot(masterId)?.sessions.some(({ hung }) => hung.length > 0) ?? false)
    );
  }

  /** Adds the fold, open. */
  show(masterId: string): void {
    this.#shown.add(masterId);
    this.setOpen(masterId, true);
    this.#changed.fire();
  }

  /** Removes the fold, and what was read. */
  hide(masterId: string): void {
    this.#shown.delete(masterId);
    this.#forget(masterId);
    this.#changed.fire();
  }

  isOpen(masterId: string): boolean {
    return this.#watched.has(masterId);
  }

  setVisible(visible: boolean): void {
    this.#visible = visible;
    this.#update();
  }

  setOpen(masterId: string, open: boolean): void {
    if (open === this.#watched.has(masterId)) {
      return;
    }
    if (open) {
      this.#shown.add(masterId);
      this.#watched.set(masterId, { readAt: undefined, failed: false, reading: false, timer: undefined });
      this.#update();
    } else {
      this.#forget(masterId);
    }
    this.#changed.fire();
  }

  /** Reads the open folds now: all, or one. */
  refresh(masterId?: string): void {
    for (const [id, watched] of this.#watched) {
      if (masterId === undefined || id === masterId) {
        void this.#read(id, watched);
      }
    }
  }

  dispose(): void {
    this.#store.dispose();
    this.#changed.dispose();
    for (const masterId of [...this.#watched.keys()]) {
      this.#forget(masterId);
    }
  }

  #forget(masterId: string): void {
    this.#watched.get(masterId)?.timer?.dispose();
    this.#watched.delete(masterId);
    this.#view.forget(masterId);
  }

  #update(): void {
    const masters = new Map(this.#service.masters().map((master) => [master.id, master]));
    for (const masterId of this.#shown) {
      const master = masters.get(masterId);
      if (master === undefined || !isConnected(master)) {
        this.#shown.delete(masterId);
      }
    }
    for (const [masterId, watched] of this.#watched) {
      const master = masters.get(masterId);
      if (master === undefined || !isConnected(master)) {
        this.#forget(masterId);
      } else {
        this.#arm(master, watched);
      }
    }
  }

  #arm(master: MasterSnapshot, watched: Watched): void {
    const due =
      this.#visible &&
      !watched.reading &&
      (master.state.kind === "ready" || (master.state.kind === "lingering" && watched.readAt === undefined));
    if (!due) {
      watched.timer?.dispose();
      watched.timer = undefined;
      return;
    }
    if (watched.timer === undefined) {
      const pause = watched.failed ? readAfterFailure : readEvery;
      const wait =
        watched.readAt === undefined ? 0 : Math.max(0, watched.readAt + pause - this.#clock.monotonic());
      watched.timer = this.#clock.setTimeout(() => {
        watched.timer = undefined;
        void this.#read(master.id, watched);
      }, wait);
    }
  }

  async #read(masterId: string, watched: Watched): Promise<void> {
    watched.reading = true;
    watched.failed = await this.#view.refresh(masterId).then(
      () => false,
      // The view keeps the reason, and the fold shows it.
      () => true,
    );
    watched.reading = false;
    watched.readAt = this.#clock.monotonic();
    this.#update();
  }
}

/** There is a connection to read over. */
export function isConnected({ state }: Pick<MasterSnapshot, "state">): boolean {
  switch (state.kind) {
    case "ready":
    case "lingering":
    case "suspect":
    case "hung":
      return true;
    case "connecting":
    case "disconnecting":
    case "lost":
    case "closed":
    case "reconnecting":
      return false;
  }
}
