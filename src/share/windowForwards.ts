import { rmSync } from "node:fs";
import { lstat, mkdir, rm, rmdir } from "node:fs/promises";
import { connect, createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import type { Clock } from "../base/clock.ts";
import { Emitter } from "../base/emitter.ts";
import { asError } from "../base/errors.ts";
import { guarded } from "../base/guarded.ts";
import { fieldOf } from "../base/jsonFields.ts";
import type { Logger } from "../base/log.ts";
import type { ForwardClaim, ForwardClaims } from "../forward/forwardPorts.ts";
import type { LocalProgram } from "../forward/forwardTypes.ts";
import { hasErrorCode, listenIn, prepareSocketFolder, refuses, socketFolderPath } from "./socketFolder.ts";
import { hashOf } from "./windowKeys.ts";

/** A window that says nothing for this long does not share its forward. Milliseconds. */
const patience = 1000;

/** Removing what a killed window left behind takes a few milliseconds, and other windows may do it. */
const mostTries = 50;
const longestTurn = 10_000;

/** In bytes, of what a window says of itself. */
const longestName = 1024;

/** Others that wait for one forward to end. */
const mostWaiting = 64;

export interface WindowForwardsInit {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Default: the user's own. */
  readonly folder?: string;
  isOn(): boolean;
  /** Of this window. */
  windowName(): string;
}

/**
 * Each forward has one socket in the folder that only this user can enter. The window that makes the forward listens
 * there, and says who it is; the others stay connected, so that they notice its end, even that of a window that is
 * killed.
 */
export class WindowForwards implements ForwardClaims {
  readonly #init: WindowForwardsInit;

  constructor(init: WindowForwardsInit) {
    this.#init = init;
  }

  async claim(key: string): Promise<ForwardClaim> {
    const { isOn, folder = socketFolderPath(), logger } = this.#init;
    if (!isOn()) {
      return unshared;
    }
    try {
      await prepareSocketFolder(folder);
      const name = `f${hashOf(key).slice(0, 12)}`;
      for (let tries = 0; tries < mostTries; tries++) {
        const claim = await this.#take(folder, name);
        if (claim !== undefined) {
          return claim;
        }
        await new Promise<void>((resolve) => this.#init.clock.setTimeout(resolve, tries === 0 ? 0 : 20));
      }
      return unshared;
    } catch (error) {
      logger.debug(`A forward is not shared with other windows: ${asError(error).message}`);
      return unshared;
    }
  }

  /** Undefined: its last window has left the socket behind, which is removed, here or by another window. */
  async #take(folder: string, name: string): Promise<ForwardClaim | undefined> {
    const path = join(folder, name);
    const others = new Set<Socket>();
    const server = createServer(guarded((socket: Socket) => this.#tell(socket, others)));
    server.maxConnections = mostWaiting;
    try {
      await listenIn(folder, server, name);
      return { dispose: () => release(server, path, others) };
    } catch (error) {
      server.close();
      if (!hasErrorCode(error, "EEXIST")) {
        throw error;
      }
    }
    if (await refuses(path)) {
      await removeStale(path);
      return undefined;
    }
    return await this.#watch(path);
  }

  #tell(socket: Socket, others: Set<Socket>): void {
    others.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => others.delete(socket));
    socket.resume();
    socket.write(`${JSON.stringify({ pid: process.pid, name: this.#init.windowName() })}\n`);
  }

  /** Undefined: the window has just ended. */
  async #watch(path: string): Promise<ForwardClaim | undefined> {
    const ended = new Emitter<void>();
    const socket = connect(path);
    let isConnected = false;
    socket.once("connect", () => {
      isConnected = true;
    });
    const window = await new Promise<LocalProgram | undefined>((resolve) => {
      let said = "";
      const timer = this.#init.clock.setTimeout(() => resolve(undefined), patience);
      socket.on("error", () => {});
      socket.on(
        "close",
        guarded(() => {
          timer.dispose();
          resolve(undefined);
          ended.fire();
        }),
      );
      socket.setEncoding("utf8").on(
        "data",
        guarded((text: string) => {
          said = said.length > longestName ? said : said + text;
          if (said.includes("\n")) {
            timer.dispose();
            resolve(windowIn(said));
          }
        }),
      );
    });
    if (window === undefined || socket.destroyed) {
      socket.destroy();
      return isConnected ? unshared : undefined;
    }
    return {
      other: { window, onDidEnd: ended.event },
      dispose: () => {
        ended.dispose();
        socket.destroy();
      },
    };
  }
}

const unshared: ForwardClaim = { dispose: () => {} };

function release(server: Server, path: string, others: ReadonlySet<Socket>): void {
  if (server.listening) {
    // At once: a later removal could hit the socket of the next claim.
    rmSync(path, { force: true });
    server.close();
    for (const socket of others) {
      socket.destroy();
    }
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
    if (facts !== undefined && Date.now() - facts.mtimeMs > longestTurn) {
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

/** @param line JSON of another process of this user */
function windowIn(line: string): LocalProgram | undefined {
  try {
    const value: unknown = JSON.parse(line);
    const [pid, name] = [fieldOf(value, "pid"), fieldOf(value, "name")];
    return typeof pid === "number" && Number.isSafeInteger(pid) && typeof name === "string"
      ? { pid, name }
      : undefined;
  } catch {
    return undefined;
  }
}
