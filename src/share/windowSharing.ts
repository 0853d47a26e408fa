import { randomBytes } from "node:crypto";
import { lstat, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../base/clock.ts";
import { type Disposable, DisposableStore } from "../base/disposable.ts";
import { Emitter, type Event } from "../base/emitter.ts";
import { asError } from "../base/errors.ts";
import { type Logger, printable } from "../base/log.ts";
import type { EngineConnection } from "../engine/connectionEngine.ts";
import { joinWindow } from "../engine/window/joinWindow.ts";
import { WindowConnection } from "../engine/window/windowConnection.ts";
import type { Master } from "../master/master.ts";
import type { JoiningLogin, OtherConnections } from "../master/masterPorts.ts";
import type { MasterRegistry } from "../master/masterRegistry.ts";
import { takeTurn } from "./loginTurn.ts";
import type { ProgramSnapshot } from "./programTypes.ts";
import { SharedMaster } from "./sharedMaster.ts";
import { clearStaleSockets, prepareSocketFolder, socketFolderPath } from "./socketFolder.ts";
import { hashOf, socketStart } from "./windowKeys.ts";

/** A window that does not answer within this time is stopped or blocked. Milliseconds. */
const answerPatience = 2_000;

/** For so long it is not asked again. Milliseconds. */
const silentRest = 60_000;

/** How long this window waits while another one logs in, perhaps with questions to its user. Milliseconds. */
const turnPatience = 20_000;

export interface WindowSharingInit {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Read whenever it matters. */
  isOn(): boolean;
  /** `isOn` may have changed. */
  readonly onDidChangeSettings: Event<void>;
  /** Of this window, for the trees of others. */
  windowName(): string;
  /** Default: the user's own, common to all editors. */
  readonly folder?: string;
}

/**
 * Windows of this user on this machine share connections: the one that connected serves the others over a socket, through
 * the relay of its connection.
 */
export class WindowSharing implements OtherConnections, Disposable {
  readonly #init: WindowSharingInit;
  readonly #folder: string;
  readonly #store = new DisposableStore();
  readonly #changed = new Emitter<void>();
  /** By the master's id. */
  readonly #shared = new Map<string, SharedMaster>();
  readonly #turns = new Map<string, Disposable>();
  /** Sockets of windows that did not answer, and when they are asked again (monotonic milliseconds). */
  readonly #silentUntil = new Map<string, number>();
  #registry: MasterRegistry | undefined;
  #cleared: Promise<void> | undefined;
  #nextId = 1;
  #disposed = false;

  /** A window came, went or changed. */
  readonly onDidChange = this.#changed.event;

  constructor(init: WindowSharingInit) {
    this.#init = init;
    this.#folder = init.folder ?? socketFolderPath();
    this.#store.add(init.onDidChangeSettings(() => this.#update()));
  }

  /** From now on the connections of this registry are served to other windows. */
  serve(registry: MasterRegistry): void {
    this.#registry = registry;
    this.#store.add(registry.onDidChange(() => this.#update()));
  }

  /** Other windows on our connections, in the order in which they came. Frozen. */
  windows(): readonly ProgramSnapshot[] {
    return Object.freeze([...this.#shared.values()].flatMap((shared) => shared.programs()));
  }

  async join(
    { id, key }: Pick<JoiningLogin, "id" | "key">,
    signal: AbortSignal,
  ): Promise<EngineConnection | undefined> {
    if (!this.#isOn) {
      return undefined;
    }
    try {
      const found = await this.#findOrWait(id, hashOf(key), signal);
      this.#release(id, found !== undefined);
      return found;
    } catch (error) {
      this.#release(id, true);
      throw error;
    }
  }

  /** Undefined: this window is to log in, if possible with the turn to do so. */
  async #findOrWait(id: string, hash: string, signal: AbortSignal): Promise<EngineConnection | undefined> {
    for (;;) {
      if (!(await this.#isPrepared())) {
        return undefined;
      }
      const found = await this.#find(hash, signal);
      if (found !== undefined || this.#turns.has(id) || !this.#isOn) {
        return found;
      }
      const outcome = await this.#takeTurn(hash, signal);
      if (outcome?.kind === "held") {
        // Another window may have had its turn in between: look once more.
        this.#turns.set(id, outcome.turn);
      } else if (outcome?.kind !== "passed") {
        return undefined;
      }
    }
  }

  dispose(): void {
    this.#disposed = true;
    this.#store.dispose();
    this.#update();
    this.#changed.dispose();
  }

  get #isOn(): boolean {
    return !this.#disposed && process.platform !== "win32" && this.#init.isOn();
  }

  /** Each time: what cleans /tmp may have removed the folder, and then another user can put one in its place. */
  async #isPrepared(): Promise<boolean> {
    try {
      await prepareSocketFolder(this.#folder);
      this.#cleared ??= clearStaleSockets(this.#folder).catch(() => {});
      await this.#cleared;
      return true;
    } catch (error) {
      this.#init.logger.warn(
        `No connection is shared with other windows: ${printable(asError(error).message)}`,
      );
      return false;
    }
  }

  async #takeTurn(
    hash: string,
    signal: AbortSignal,
  ): Promise<Awaited<ReturnType<typeof takeTurn>> | undefined> {
    try {
      return await takeTurn(
        this.#folder,
        `t${hash.slice(0, 12)}`,
        { patience: turnPatience, clock: this.#init.clock },
        signal,
      );
    } catch (error) {
      signal.throwIfAborted();
      this.#init.logger.warn(`Windows can't take turns: ${printable(asError(error).message)}`);
      return undefined;
    }
  }

  async #find(hash: string, signal: AbortSignal): Promise<EngineConnection | undefined> {
    const own = new Set([...this.#shared.values()].map(({ socketName }) => socketName));
    const start = socketStart(hash);
    const names = await readdir(this.#folder).catch(() => []);
    for (const name of names.filter((each) => each.startsWith(start) && !own.has(each))) {
      const found = await this.#joinAt(join(this.#folder, name), hash, signal);
      if (found !== undefined) {
        return found;
      }
    }
    return undefined;
  }

  async #joinAt(path: string, hash: string, signal: AbortSignal): Promise<EngineConnection | undefined> {
    const { clock, logger } = this.#init;
    if ((this.#silentUntil.get(path) ?? 0) > clock.monotonic()) {
      return undefined;
    }
    const facts = await lstat(path).catch(() => undefined);
    if (facts === undefined) {
      return undefined;
    }
    if (!facts.isSocket() || facts.uid !== process.getuid?.()) {
      logger.warn(`This is not a socket of this user: ${printable(path)}`);
      return undefined;
    }
    const hello = { pid: process.pid, name: this.#init.windowName(), key: hash };
    const outcome = await joinWindow(path, hello, { patience: answerPatience, clock }, signal);
    switch (outcome.kind) {
      case "joined": {
        const { socket, frames, owner } = outcome;
        const info = owner.info ?? { serverVersion: "", authMethod: "" };
        return new WindowConnection({ socket, frames, owner, info, clock, logger });
      }
      case "silent":
        logger.warn("Another window has a connection and does not answer");
        this.#silentUntil.set(path, clock.monotonic() + silentRest);
        return undefined;
      case "stale":
        // Its name is never used again: what is removed is what has refused.
        await rm(path, { force: true }).catch(() => {});
        return undefined;
      case "unfit":
        logger.info(`Another window has a connection that is not shared: ${printable(outcome.why)}`);
        return undefined;
    }
  }

  /** Serves what can be served, and lets others log in where our own attempt is over. */
  #update(): void {
    const masters = this.#registry?.masters ?? [];
    for (const [id, shared] of this.#shared) {
      if (!this.#isOn || shared.master.isEnded || !masters.includes(shared.master)) {
        this.#shared.delete(id);
        shared.dispose();
        this.#changed.fire();
      }
    }
    for (const master of masters) {
      if (this.#isOn && canServe(master) && !this.#shared.has(master.id)) {
        this.#share(master);
      }
    }
    for (const id of this.#turns.keys()) {
      this.#release(id, false);
    }
  }

  /** Ends our turn to log in when others have nothing more to wait for. */
  #release(id: string, now: boolean): void {
    const master = this.#registry?.get(id);
    const isOver =
      now ||
      !this.#isOn ||
      master === undefined ||
      master.isEnded ||
      (master.connection !== undefined &&
        (!canServe(master) || this.#shared.get(id)?.socketName !== undefined));
    const turn = this.#turns.get(id);
    if (isOver && turn !== undefined) {
      this.#turns.delete(id);
      turn.dispose();
    }
  }

  #share(master: Master): void {
    const { clock, logger } = this.#init;
    const key = hashOf(master.key);
    const shared = new SharedMaster({
      ...{ master, clock, logger, folder: this.#folder },
      another: async () => undefined,
      nextId: () => `w${this.#nextId++}`,
      changed: () => this.#changed.fire(),
      windows: {
        key,
        name: () => this.#init.windowName(),
        socketName: `${socketStart(key)}${randomBytes(3).toString("hex")}`,
      },
    });
    this.#shared.set(master.id, shared);
    const watch = master.connection?.relay?.onDidChange(() => {
      master.room.noteOthers();
      this.#changed.fire();
    });
    void master.ended.then(() => watch?.dispose());
    this.#isPrepared()
      .then((isPrepared) => (isPrepared ? shared.listen() : undefined))
      .catch((error: unknown) =>
        logger.warn(`No window can share ${master.id}: ${printable(asError(error).message)}`),
      )
      // Also where it can't listen: nobody is to wait for it.
      .finally(() => this.#release(master.id, true));
  }
}

function canServe(master: Master): boolean {
  return master.connection?.relay !== undefined && !master.isEnded;
}
