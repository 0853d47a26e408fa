import type { Socket } from "node:net";
import { type Clock, pause } from "../base/clock.ts";
import { Emitter } from "../base/emitter.ts";
import { asError } from "../base/errors.ts";
import { guarded } from "../base/guarded.ts";
import { fieldOf } from "../base/jsonFields.ts";
import type { Logger } from "../base/log.ts";
import type { ForwardClaim, ForwardClaims } from "../forward/forwardPorts.ts";
import type { LocalProgram } from "../forward/forwardTypes.ts";
import type { MeetingPlace } from "./meeting/meetingPlace.ts";
import { hashOf } from "./windowKeys.ts";

/** A window that says nothing for this long does not share its forward. Milliseconds. */
const patience = 3_000;

/** Removing what a killed window left behind takes a few milliseconds, and other windows may do it. */
const mostTries = 50;
const betweenTries = 20;

/** Characters of what a window says of itself. */
const longestName = 1024;

/** Others that wait for one forward to end. */
const mostWaiting = 64;

export interface WindowForwardsInit {
  readonly clock: Clock;
  readonly logger: Logger;
  place(): MeetingPlace;
  isOn(): boolean;
  /** Of this window. */
  windowName(): string;
}

/**
 * Each forward has one name in the place where windows meet. The window that makes the forward holds it, and says who
 * it is; the others stay connected, so that they notice its end, even that of a window that is killed.
 */
export class WindowForwards implements ForwardClaims {
  readonly #init: WindowForwardsInit;

  constructor(init: WindowForwardsInit) {
    this.#init = init;
  }

  async claim(key: string): Promise<ForwardClaim> {
    const { isOn, logger } = this.#init;
    if (!isOn()) {
      return unshared;
    }
    try {
      const place = this.#init.place();
      await place.prepare();
      const name = `f${hashOf(key).slice(0, 12)}`;
      for (let tries = 0; tries < mostTries; tries++) {
        const claim = await this.#take(place, name);
        if (claim !== undefined) {
          return claim;
        }
        await pause(this.#init.clock, tries === 0 ? 0 : betweenTries);
      }
      return unshared;
    } catch (error) {
      logger.debug(`A forward is not shared with other windows: ${asError(error).message}`);
      return unshared;
    }
  }

  /** Undefined: its last window has ended, and what it left behind is removed, here or by another window. */
  async #take(place: MeetingPlace, name: string): Promise<ForwardClaim | undefined> {
    const others = new Set<Socket>();
    const held = await place.hold(name, (socket) => this.#tell(socket, others));
    if (held !== undefined) {
      return {
        dispose() {
          held.dispose();
          for (const socket of others) {
            socket.destroy();
          }
        },
      };
    }
    const reached = await place.reachHolder(name, patience, never);
    if (reached.kind === "open") {
      return await this.#watch(reached.socket);
    }
    return reached.kind === "stale" || reached.kind === "unfit" ? undefined : unshared;
  }

  #tell(socket: Socket, others: Set<Socket>): void {
    socket.on("error", () => {});
    if (others.size >= mostWaiting) {
      socket.destroy();
      return;
    }
    others.add(socket);
    socket.on("close", () => others.delete(socket));
    socket.resume();
    socket.write(`${JSON.stringify({ pid: process.pid, name: this.#init.windowName() })}\n`);
  }

  /** Undefined: the window has just ended. */
  async #watch(socket: Socket): Promise<ForwardClaim | undefined> {
    const ended = new Emitter<void>();
    let isConnected = !socket.connecting;
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

const never = new AbortController().signal;

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
