import { randomBytes } from "node:crypto";
import { lstat, rename, rm } from "node:fs/promises";
import { connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import type { Clock } from "../base/clock.ts";
import type { Disposable } from "../base/disposable.ts";
import { hasErrorCode, linkBack, listenIn, refuses } from "./socketFolder.ts";

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
 * Several windows that need the same connection log in once: the one that gets the name of a socket does, and the others
 * wait until it closes, which it also does when that window dies.
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
    const before = await lstat(path).catch(() => undefined);
    if (before !== undefined && (await refuses(path))) {
      await clear(folder, path, before.ino);
    } else if (before !== undefined) {
      return await waitFor(path, limits, signal);
    }
  }
}

/** Undefined: another window has it. */
async function hold(folder: string, name: string, clock: Clock): Promise<Disposable | undefined> {
  const waiting = new Set<Socket>();
  const server = createServer((socket) => {
    waiting.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => waiting.delete(socket));
  });
  server.on("error", () => {});
  let timer: Disposable;
  const sayAlive = (): void => {
    for (const socket of waiting) {
      socket.write(".");
    }
    timer = clock.setTimeout(sayAlive, beat);
  };
  sayAlive();
  const end = (): void => {
    timer.dispose();
    server.close();
    for (const socket of waiting) {
      socket.destroy();
    }
  };
  try {
    await listenIn(folder, server, name);
  } catch (error) {
    end();
    if (hasErrorCode(error, "EEXIST")) {
      return undefined;
    }
    throw error;
  }
  return {
    dispose: () => {
      void rm(join(folder, name), { force: true })
        .catch(() => {})
        .finally(end);
    },
  };
}

function waitFor(path: string, { patience, clock }: TurnLimits, signal: AbortSignal): Promise<TurnOutcome> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const socket = connect(path);
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
    let silence = clock.setTimeout(giveUp, longestSilence);
    signal.addEventListener("abort", onAbort, { once: true });
    socket.on("data", () => {
      silence.dispose();
      silence = clock.setTimeout(giveUp, longestSilence);
    });
    socket.on("error", () => {});
    socket.on("close", () => settle({ kind: "passed" }));
  });
}

/**
 * Removes what a window that died has left. Of two windows that do so at once, the slower one finds the new socket of the
 * other, and puts it back: at worst both log in.
 */
async function clear(folder: string, path: string, ino: number): Promise<void> {
  const aside = join(folder, `.${randomBytes(6).toString("hex")}`);
  try {
    await rename(path, aside);
    if ((await lstat(aside)).ino !== ino) {
      await linkBack(aside, path);
    }
  } catch {
    // Another window was faster.
  }
  await rm(aside, { force: true });
}
