import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { lstat, mkdir, readdir, rm, rmdir } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { type Disposable, toDisposable } from "../../base/disposable.ts";
import { type TurnOutcome, takeTurn } from "../loginTurn.ts";
import {
  clearStaleSockets,
  hasErrorCode,
  listenIn,
  prepareSocketFolder,
  refuses,
  socketFolderPath,
} from "../socketFolder.ts";
import type { MeetingPlace, Reached, Served } from "./meetingPlace.ts";
import { type SocketTools, serveIn, socketServer } from "./servedSockets.ts";

/** Removing what a killed window left behind takes a few milliseconds. */
const longestRemoval = 10_000;

export interface FolderPlaceInit extends SocketTools {
  /** Default: the user's own, common to all editors. */
  readonly folder?: string;
}

/** Sockets in a folder that only this user can enter: not on Windows. */
export class FolderPlace implements MeetingPlace {
  readonly #tools: SocketTools;
  readonly #folder: string;
  #cleared: Promise<void> | undefined;

  constructor({ clock, logger, folder = socketFolderPath() }: FolderPlaceInit) {
    this.#tools = { clock, logger };
    this.#folder = folder;
  }

  /** Each time: what cleans /tmp may have removed the folder, and then another user can put one in its place. */
  async prepare(): Promise<void> {
    await prepareSocketFolder(this.#folder);
    this.#cleared ??= clearStaleSockets(this.#folder).catch(() => {});
    await this.#cleared;
  }

  async publish(start: string, serve: (socket: Socket) => void): Promise<Served> {
    return await serveIn(this.#folder, this.#tools, serve, `${start}${randomBytes(3).toString("hex")}`);
  }

  async others(start: string): Promise<readonly string[]> {
    const names = await readdir(this.#folder).catch(() => []);
    return names.filter((name) => name.startsWith(start));
  }

  async reach(name: string): Promise<Reached> {
    const path = join(this.#folder, name);
    const facts = await lstat(path).catch(() => undefined);
    if (facts === undefined) {
      return { kind: "stale" };
    }
    return facts.isSocket() && facts.uid === process.getuid?.()
      ? { kind: "open", socket: connect(path) }
      : { kind: "stranger", why: `This is not a socket of this user: ${path}` };
  }

  /** Its name is never used again: what is removed is what has refused. */
  async forget(name: string): Promise<void> {
    await rm(join(this.#folder, name), { force: true }).catch(() => {});
  }

  async takeTurn(hash: string, patience: number, signal: AbortSignal): Promise<TurnOutcome> {
    return await takeTurn(
      this.#folder,
      `t${hash.slice(0, 12)}`,
      { patience, clock: this.#tools.clock },
      signal,
    );
  }

  async hold(name: string, serve: (socket: Socket) => void): Promise<Disposable | undefined> {
    const server = socketServer(serve, this.#tools.logger);
    try {
      await listenIn(this.#folder, server, name);
    } catch (error) {
      server.close();
      if (hasErrorCode(error, "EEXIST")) {
        return undefined;
      }
      throw error;
    }
    return toDisposable(() => {
      // At once: a later removal could hit the socket of the next holder.
      rmSync(join(this.#folder, name), { force: true });
      server.close();
    });
  }

  async reachHolder(name: string): Promise<Reached> {
    const path = join(this.#folder, name);
    if (await refuses(path)) {
      await removeStale(path);
      return { kind: "stale" };
    }
    return { kind: "open", socket: connect(path) };
  }
}

/**
 * Several windows notice the end of a killed one in the same moment, and each finds what it left behind: only the one
 * that makes the folder removes it, if no other has replaced it already.
 */
async function removeStale(path: string): Promise<void> {
  const turn = `${path}.turn`;
  try {
    await mkdir(turn, { mode: 0o700 });
  } catch {
    const facts = await lstat(turn).catch(() => undefined);
    if (facts !== undefined && Date.now() - facts.mtimeMs > longestRemoval) {
      await rmdir(turn).catch(() => {});
    }
    return;
  }
  try {
    if (await refuses(path)) {
      await rm(path, { force: true });
    }
  } finally {
    await rmdir(turn).catch(() => {});
  }
}
