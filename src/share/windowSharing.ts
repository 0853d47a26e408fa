import type { Clock } from "../base/clock.ts";
import { type Disposable, DisposableStore } from "../base/disposable.ts";
import { Emitter, type Event } from "../base/emitter.ts";
import { asError } from "../base/errors.ts";
import { type Logger, printable } from "../base/log.ts";
import type { EngineConnection, LastingPrograms } from "../engine/connectionEngine.ts";
import { type JoinOutcome, joinWindow } from "../engine/window/joinWindow.ts";
import { WindowConnection } from "../engine/window/windowConnection.ts";
import type { Master } from "../master/master.ts";
import type { JoiningLogin, OtherConnections } from "../master/masterPorts.ts";
import type { MasterRegistry } from "../master/masterRegistry.ts";
import type { TurnOutcome } from "./loginTurn.ts";
import type { MeetingPlace, NotReached } from "./meeting/meetingPlace.ts";
import type { ProgramSnapshot } from "./programTypes.ts";
import { SharedMaster } from "./sharedMaster.ts";
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
  place(): MeetingPlace;
}

/**
 * Windows of this user on this machine share connections: the one that connected serves the others, through the
 * relay of its connection.
 */
export class WindowSharing implements OtherConnections, Disposable {
  readonly #init: WindowSharingInit;
  readonly #store = new DisposableStore();
  readonly #changed = new Emitter<void>();
  /** By the master's id. */
  readonly #shared = new Map<string, SharedMaster>();
  readonly #turns = new Map<string, Disposable>();
  /**
   * Names of windows that did not answer, or not as a window of this user, and when they are asked again (monotonic
   * milliseconds).
   */
  readonly #silentUntil = new Map<string, number>();
  #registry: MasterRegistry | undefined;
  #programs: LastingPrograms | undefined;
  #nextId = 1;
  #disposed = false;

  /** A window came, went or changed. */
  readonly onDidChange = this.#changed.event;

  constructor(init: WindowSharingInit) {
    this.#init = init;
    this.#store.add(init.onDidChangeSettings(() => this.#update()));
  }

  /**
   * From now on the connections of this registry are served to other windows.
   * @param programs those on them, which other windows list and end
   */
  serve(registry: MasterRegistry, programs?: LastingPrograms): void {
    this.#registry = registry;
    this.#programs = programs;
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
    return !this.#disposed && this.#init.isOn();
  }

  async #isPrepared(): Promise<boolean> {
    try {
      await this.#init.place().prepare();
      return true;
    } catch (error) {
      this.#init.logger.warn(
        `No connection is shared with other windows: ${printable(asError(error).message)}`,
      );
      return false;
    }
  }

  async #takeTurn(hash: string, signal: AbortSignal): Promise<TurnOutcome | undefined> {
    try {
      return await this.#init.place().takeTurn(hash, turnPatience, signal);
    } catch (error) {
      signal.throwIfAborted();
      this.#init.logger.warn(`Windows can't take turns: ${printable(asError(error).message)}`);
      return undefined;
    }
  }

  async #find(hash: string, signal: AbortSignal): Promise<EngineConnection | undefined> {
    const own = new Set([...this.#shared.values()].map(({ socketName }) => socketName));
    const names = await this.#init.place().others(socketStart(hash));
    for (const name of names.filter((each) => !own.has(each))) {
      const found = await this.#joinAt(name, hash, signal);
      if (found !== undefined) {
        return found;
      }
    }
    return undefined;
  }

  async #joinAt(name: string, hash: string, signal: AbortSignal): Promise<EngineConnection | undefined> {
    const { clock, logger } = this.#init;
    if ((this.#silentUntil.get(name) ?? 0) > clock.monotonic()) {
      return undefined;
    }
    const outcome = await this.#ask(name, hash, signal);
    switch (outcome.kind) {
      case "joined": {
        const { socket, frames, owner } = outcome;
        const info = owner.info ?? { serverVersion: "", authMethod: "" };
        return new WindowConnection({ socket, frames, owner, info, clock, logger });
      }
      case "silent":
      case "stranger":
        logger.warn(
          outcome.kind === "silent"
            ? "Another window has a connection and does not answer"
            : printable(outcome.why),
        );
        this.#silentUntil.set(name, clock.monotonic() + silentRest);
        return undefined;
      case "stale":
        await this.#init.place().forget(name);
        return undefined;
      case "unfit":
        logger.info(`Another window has a connection that is not shared: ${printable(outcome.why)}`);
        return undefined;
    }
  }

  async #ask(name: string, hash: string, signal: AbortSignal): Promise<JoinOutcome | NotReached> {
    const reached = await this.#init.place().reach(name, answerPatience, signal);
    if (reached.kind !== "open") {
      return reached;
    }
    const hello = { pid: process.pid, name: this.#init.windowName(), key: hash };
    const limits = { patience: answerPatience, clock: this.#init.clock };
    return await joinWindow(reached.socket, hello, limits, signal);
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
      ...{ master, clock, logger },
      listen: (serve) => this.#init.place().publish(socketStart(key), (socket) => serve(socket, false)),
      another: async () => undefined,
      nextId: () => `w${this.#nextId++}`,
      changed: () => this.#changed.fire(),
      windows: { key, name: () => this.#init.windowName(), programs: this.#programs },
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
