import { mkdir, readdir, rm, stat, writeFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { type Clock, pause } from "../../base/clock.ts";
import type { Disposable } from "../../base/disposable.ts";
import { asError } from "../../base/errors.ts";
import type { Logger } from "../../base/log.ts";
import { type TurnOutcome, takePipeTurn } from "../loginTurn.ts";
import { ShareError } from "../shareErrors.ts";
import { isTemporaryName, longestTemporary } from "../socketFolder.ts";
import type { MeetingPlace, Reached, Served } from "./meetingPlace.ts";
import { openDoor } from "./pipeDoor.ts";
import { isGoneError, proveEachOther } from "./pipeHandshake.ts";
import {
  derivedPipeId,
  isElsewhere,
  newPipeId,
  type PipePath,
  pipeFolderPath,
  windowsPipe,
} from "./pipeNames.ts";
import { userSecret } from "./pipeSecret.ts";

/** An empty file of this name says that a window serves a connection at the pipe with this id. */
const entryName = /^w[0-9a-f]{12}\.([0-9a-f]{32})$/;

/** Milliseconds. A pipe that has gone refuses at once. */
const clearPatience = 1_000;

/** Milliseconds, before a window that was let go without an answer tries again. */
const betweenTries = 20;

/** Milliseconds. A holder that is a stranger, or does not answer, is not asked again for so long. */
const rest = 60_000;

const strangerHasPipe =
  "A process that does not know this user's secret has the pipe of a window. It gets no data and is not used";

export interface PipePlaceInit {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Default: in the user's profile, common to all editors. */
  readonly folder?: string;
  readonly pipePath?: PipePath;
}

/**
 * Named pipes, on Windows. The folder, in the user's profile, has a secret, and an entry for each served connection.
 * Whoever can't read the secret can neither use a pipe nor pretend to be a window: see pipeHandshake.ts.
 */
export class PipePlace implements MeetingPlace {
  readonly #init: PipePlaceInit;
  readonly #folder: string;
  readonly #path: PipePath;
  /** Names that are held, and when their holders are asked again (monotonic milliseconds). */
  readonly #restUntil = new Map<string, number>();
  readonly #warned = new Set<string>();
  #cleared: Promise<void> | undefined;

  constructor(init: PipePlaceInit) {
    this.#init = init;
    this.#folder = init.folder ?? pipeFolderPath();
    this.#path = init.pipePath ?? windowsPipe;
  }

  async prepare(): Promise<void> {
    await this.#secret();
    this.#cleared ??= this.#clear().catch(() => {});
    await this.#cleared;
  }

  async publish(start: string, serve: (socket: Socket) => void): Promise<Served> {
    const id = newPipeId();
    const door = await this.#open(id, serve);
    if (door === undefined) {
      throw new ShareError("unsafe-folder", "Another process has a pipe of a name that was just made up");
    }
    const name = `${start}${id}`;
    try {
      await writeFile(join(this.#folder, name), "", { flag: "wx", mode: 0o600 });
    } catch (error) {
      door.dispose();
      throw error;
    }
    return {
      name,
      dispose: () => {
        door.dispose();
        void this.forget(name);
      },
    };
  }

  async others(start: string): Promise<readonly string[]> {
    const names = await readdir(this.#folder).catch(() => []);
    return names.filter((name) => name.startsWith(start) && entryName.test(name));
  }

  async reach(name: string, patience: number, signal: AbortSignal): Promise<Reached> {
    const id = entryName.exec(name)?.[1];
    return id === undefined ? { kind: "stale" } : await this.#dial(() => id, patience, signal);
  }

  /** On Windows it may be open in a virus scanner: then the next window that finds it stale removes it. */
  async forget(name: string): Promise<void> {
    await rm(join(this.#folder, name), { force: true }).catch(() => {});
  }

  async takeTurn(hash: string, patience: number, signal: AbortSignal): Promise<TurnOutcome> {
    return await takePipeTurn(this, `turn ${hash}`, { patience, clock: this.#init.clock }, signal);
  }

  async hold(name: string, serve: (socket: Socket) => void): Promise<Disposable | undefined> {
    return await this.#open(derivedPipeId(await this.#secret(), name), serve);
  }

  async reachHolder(name: string, patience: number, signal: AbortSignal): Promise<Reached> {
    const { clock, logger } = this.#init;
    if ((this.#restUntil.get(name) ?? 0) > clock.monotonic()) {
      return { kind: "silent" };
    }
    const reached = await this.#dial((secret) => derivedPipeId(secret, name), patience, signal);
    if (reached.kind === "stranger" || reached.kind === "silent") {
      this.#restUntil.set(name, clock.monotonic() + rest);
    }
    if (reached.kind === "stranger") {
      logger.warn(reached.why);
    }
    return reached;
  }

  /** Each time: the user may have deleted a damaged one. @throws ShareError, or the file system's error */
  async #secret(): Promise<Buffer> {
    if (isElsewhere(this.#folder)) {
      throw new ShareError("unsafe-folder", "The user's profile is on another computer");
    }
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    return await userSecret(this.#folder);
  }

  async #open(id: string, serve: (socket: Socket) => void): Promise<Disposable | undefined> {
    const { clock, logger } = this.#init;
    const secret = await this.#secret();
    return await openDoor({
      ...{ id, secret, clock, logger, serve, path: this.#path(id) },
      stranger: () => this.#warnOnce("A process that does not know this user's secret was refused at a pipe"),
    });
  }

  /** Anybody can repeat it. */
  #warnOnce(text: string): void {
    if (!this.#warned.has(text)) {
      this.#warned.add(text);
      this.#init.logger.warn(text);
    }
  }

  /**
   * A crowd of strangers can push a window out before its proof, and can fill the queue of a socket (Linux): within its
   * patience a window tries again.
   */
  async #dial(idWith: (secret: Buffer) => string, patience: number, signal: AbortSignal): Promise<Reached> {
    const { clock } = this.#init;
    const end = clock.monotonic() + patience;
    let secret: Buffer;
    try {
      secret = await this.#secret();
    } catch (error) {
      return { kind: "unfit", why: asError(error).message };
    }
    const id = idWith(secret);
    for (;;) {
      signal.throwIfAborted();
      const socket = connect(this.#path(id));
      const left = { patience: end - clock.monotonic(), clock };
      const outcome = await proveEachOther(socket, { id, secret, ...left, role: "visitor" }, signal);
      switch (outcome.kind) {
        case "proved":
          return { kind: "open", socket };
        case "gone":
          return { kind: "stale" };
        case "wrong":
          return { kind: "stranger", why: strangerHasPipe };
        case "failed":
          return { kind: "unfit", why: outcome.why };
        case "silent":
          return { kind: "silent" };
        case "closed":
          await pause(clock, betweenTries);
      }
      if (clock.monotonic() >= end) {
        return { kind: "silent" };
      }
    }
  }

  #isGone(id: string): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = connect(this.#path(id));
      const settle = (isGone: boolean): void => {
        timer.dispose();
        socket.destroy();
        resolve(isGone);
      };
      const timer = this.#init.clock.setTimeout(() => settle(false), clearPatience);
      socket.on("connect", () => settle(false));
      socket.on("error", (error) => settle(isGoneError(error)));
    });
  }

  /** Removes what crashes have left behind: entries whose pipe is gone, and secrets that were not finished. */
  async #clear(): Promise<void> {
    await Promise.all(
      (await readdir(this.#folder)).map(async (name) => {
        if (isTemporaryName(name)) {
          const facts = await stat(join(this.#folder, name));
          if (Date.now() - facts.mtimeMs > longestTemporary) {
            await this.forget(name);
          }
        }
        const id = entryName.exec(name)?.[1];
        if (id !== undefined && (await this.#isGone(id))) {
          await this.forget(name);
        }
      }),
    );
  }
}
