import { randomBytes } from "node:crypto";
import { mkdir, readdir, rename, rm, rmdir } from "node:fs/promises";
import { connect, createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { type Clock, pause } from "../base/clock.ts";
import type { Disposable } from "../base/disposable.ts";
import { guarded } from "../base/guarded.ts";
import type { MeetingPlace } from "./meeting/meetingPlace.ts";
import { hasErrorCode, listenAt, refuses, temporaryName } from "./socketFolder.ts";

/** How often the window that logs in says that it is not stopped, and the silence that proves the opposite. Milliseconds. */
const beat = 1_000;
const longestSilence = 3 * beat;

export interface TurnLimits {
  /** Milliseconds. The other window may wait for its user. */
  readonly patience: number;
  readonly clock: Clock;
}

/** `held`: this window is the one that may log in. `passed`: another one had its turn, and may have a connection now. */
export type TurnOutcome =
  | { readonly kind: "held"; readonly turn: Disposable }
  | { readonly kind: "passed" }
  /** The other window is still busy, or stopped. */
  | { readonly kind: "given-up" };

/**
 * Several windows that need the same connection log in once: the one that has the turn does, and the others wait until
 * its socket closes, which it also does when that window dies.
 *
 * The turn is a folder with the socket of its holder. rename(2) puts a new folder in its place only where there is none
 * or an empty one, so of all windows that try at once, one succeeds. The socket's name is never used again: what a
 * window finds and removes is what refused, whatever others have done in between.
 */
export async function takeTurn(
  folder: string,
  name: string,
  limits: TurnLimits,
  signal: AbortSignal,
): Promise<TurnOutcome> {
  const path = join(folder, name);
  for (;;) {
    signal.throwIfAborted();
    const turn = await hold(folder, name, limits.clock);
    if (turn !== undefined) {
      return { kind: "held", turn };
    }
    const socket = await holderOf(path);
    if (socket !== undefined) {
      return await waitFor(connect(socket), limits, signal);
    }
  }
}

/** A holder may have ended a moment ago, and its pipe not yet. */
const mostTries = 50;
const betweenTries = 20;

/**
 * The same with pipes: the turn is a pipe whose name all windows of this user can tell, and which ends with its process.
 * If a process of another user has it, or one that does not answer, there is no turn to be had.
 */
export async function takePipeTurn(
  place: Pick<MeetingPlace, "hold" | "reachHolder">,
  name: string,
  limits: TurnLimits,
  signal: AbortSignal,
): Promise<TurnOutcome> {
  for (let tries = 0; tries < mostTries; tries++) {
    signal.throwIfAborted();
    const beats = new TurnBeats(limits.clock);
    const held = await place
      .hold(name, (socket) => beats.add(socket))
      .catch((error: unknown) => {
        beats.dispose();
        throw error;
      });
    if (held !== undefined) {
      return {
        kind: "held",
        turn: {
          dispose() {
            held.dispose();
            beats.dispose();
          },
        },
      };
    }
    beats.dispose();
    const reached = await place.reachHolder(name, Math.min(longestSilence, limits.patience), signal);
    if (reached.kind === "open") {
      return await waitFor(reached.socket, limits, signal);
    }
    if (reached.kind === "silent" || reached.kind === "stranger") {
      break;
    }
    await pause(limits.clock, betweenTries);
  }
  return { kind: "given-up" };
}

/** The windows that wait for the holder of a turn. They hear at each beat that it is not stopped. */
class TurnBeats implements Disposable {
  readonly #clock: Clock;
  readonly #waiting = new Set<Socket>();
  #timer: Disposable;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#timer = this.#schedule();
  }

  add(socket: Socket): void {
    this.#waiting.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => this.#waiting.delete(socket));
    // Its end is noticed only if what it sends is read.
    socket.resume();
  }

  /** They need not wait any longer. */
  dispose(): void {
    this.#timer.dispose();
    for (const socket of this.#waiting) {
      socket.destroy();
    }
  }

  #schedule(): Disposable {
    return this.#clock.setTimeout(() => {
      for (const socket of this.#waiting) {
        socket.write(".");
      }
      this.#timer = this.#schedule();
    }, beat);
  }
}

/** Undefined: nobody has the turn any more. Clears what a window that died has left. */
async function holderOf(path: string): Promise<string | undefined> {
  for (const name of await readdir(path).catch(() => [])) {
    const socket = join(path, name);
    if (!(await refuses(socket))) {
      return socket;
    }
    await rm(socket, { force: true });
  }
  return undefined;
}

/** Undefined: another window has it. */
async function hold(folder: string, name: string, clock: Clock): Promise<Disposable | undefined> {
  const beats = new TurnBeats(clock);
  const server = createServer((socket) => beats.add(socket));
  server.on("error", () => {});
  const end = (): void => {
    server.close();
    beats.dispose();
  };
  const socketName = randomBytes(3).toString("hex");
  try {
    if (await putInPlace(folder, name, server, socketName)) {
      return { dispose: () => void leave(join(folder, name), socketName).finally(end) };
    }
  } catch (error) {
    end();
    throw error;
  }
  end();
  return undefined;
}

/** @returns false if another window has the turn */
async function putInPlace(
  folder: string,
  name: string,
  server: Server,
  socketName: string,
): Promise<boolean> {
  const own = join(folder, temporaryName());
  await mkdir(own, { mode: 0o700 });
  try {
    await listenAt(join(own, socketName), server);
    await rename(own, join(folder, name));
    return true;
  } catch (error) {
    await rm(own, { recursive: true, force: true });
    if (hasErrorCode(error, "ENOTEMPTY") || hasErrorCode(error, "EEXIST")) {
      return false;
    }
    throw error;
  }
}

/** Never rejects. rmdir(2) fails if another window has the turn already. */
async function leave(path: string, socketName: string): Promise<void> {
  await rm(join(path, socketName), { force: true }).catch(() => {});
  await rmdir(path).catch(() => {});
}

function waitFor(socket: Socket, { patience, clock }: TurnLimits, signal: AbortSignal): Promise<TurnOutcome> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      socket.destroy();
      throw signal.reason;
    }
    const settle = (outcome: TurnOutcome | undefined): void => {
      timer.dispose();
      silence.dispose();
      signal.removeEventListener("abort", onAbort);
      socket.destroy();
      if (outcome === undefined) {
        reject(signal.reason);
      } else {
        resolve(outcome);
      }
    };
    const giveUp = (): void => settle({ kind: "given-up" });
    const onAbort = (): void => settle(undefined);
    const timer = clock.setTimeout(giveUp, patience);
    let heard = 0;
    // Timers run before received data is read: after a pause of this window (sleep, a blocked extension host), what the
    // other one has sent meanwhile comes first.
    const expect = (): Disposable => {
      const before = heard;
      return clock.setTimeout(
        () => setImmediate(guarded(() => heard === before && giveUp())),
        longestSilence,
      );
    };
    let silence = expect();
    signal.addEventListener("abort", onAbort, { once: true });
    socket.on("data", () => {
      heard++;
      silence.dispose();
      silence = expect();
    });
    socket.on("error", () => {});
    socket.on("close", () => settle({ kind: "passed" }));
  });
}
