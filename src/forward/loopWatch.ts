import { randomBytes, randomInt } from "node:crypto";
import type { Socket } from "node:net";
import type { Clock } from "../base/clock.ts";
import { Deadline } from "../base/deadline.ts";
import { Emitter, nextEvent } from "../base/emitter.ts";
import { CancelledError } from "../base/errors.ts";
import type { EngineChannel } from "../engine/connectionEngine.ts";
import { ForwardError } from "../engine/engineErrors.ts";

/**
 * With this many connections that their target has not answered, a forward may be a loop. Many, because its new clients
 * wait while it is tried.
 */
const suspicious = 64;

/**
 * A connection comes back through a loop while it is made, or soon afterwards: it needs a few times as long as the
 * first connection of the chain. New clients wait meanwhile, so a trial begins with little patience, and each
 * further one has more. Milliseconds.
 */
const leastPatience = 200;
const mostPatience = 1000;
const hopsOfLoop = 10;

/** For the connection of a trial. Milliseconds. */
const openPatience = 5000;

type Trial = Pick<EngineChannel, "write" | "close" | "resume">;

export interface LoopWatchInit {
  readonly clock: Clock;
  /** Opens a connection to the target. */
  open(signal: AbortSignal): Promise<Trial>;
  /** Aborts when the forward stops. */
  readonly run: AbortSignal;
}

/**
 * Finds out whether a local forward leads back to its own listener, through a server that is this computer or through
 * other forwards: each client would cause another one, without an end. Addresses don't show this, because `localhost` of a
 * server is often another computer behind the same address. So a forward with many unanswered connections is tried,
 * while new clients wait: first a connection to its target is made and closed again without any data. Only if a client
 * comes and leaves with it, random data is sent over another one, which only a loop brings back.
 */
export class LoopWatch {
  readonly #init: LoopWatchInit;
  readonly #arrived = new Emitter<Socket>();
  #threshold = threshold();
  #patience = leastPatience;
  #trial: Promise<boolean> | undefined;

  constructor(init: LoopWatchInit) {
    this.#init = init;
  }

  /**
   * A client has connected; its socket is paused.
   * @param unanswered the number of connections whose target has sent nothing
   * @returns whether the forward is a loop; undefined if there is no reason to wait for that
   */
  arrived(socket: Socket, unanswered: number): Promise<boolean> | undefined {
    this.#arrived.fire(socket);
    if (this.#trial === undefined && unanswered >= this.#threshold) {
      this.#threshold = unanswered + threshold();
      this.#trial = this.#isLoop().finally(() => {
        this.#trial = undefined;
        this.#patience = Math.min(this.#patience * 2, mostPatience);
      });
    } else if (unanswered === 0) {
      this.#threshold = threshold();
      this.#patience = leastPatience;
    }
    return this.#trial;
  }

  async #isLoop(): Promise<boolean> {
    try {
      return (await this.#comesAndLeaves()) && (await this.#bringsBack(randomBytes(16)));
    } catch {
      // The target refuses connections, or the forward stops.
      return false;
    }
  }

  async #comesAndLeaves(): Promise<boolean> {
    const came = new Set<Socket>();
    const left = new Emitter<Socket>();
    // One that leaves before its end of the trial is not ours.
    const early = left.event((socket) => came.delete(socket));
    return await this.#try(
      (socket) => {
        came.add(socket);
        return onReadable(socket, () => {
          if (socket.readableLength > 0) {
            came.delete(socket);
          } else if (came.has(socket)) {
            left.fire(socket);
          }
        });
      },
      async (channel, first) => {
        if (came.size === 0) {
          await first;
        }
        early.dispose();
        const last = this.#soon(left, this.#patience);
        channel.close();
        return came.size > 0 && (await last);
      },
    );
  }

  async #bringsBack(data: Buffer): Promise<boolean> {
    const back = new Emitter<void>();
    return await this.#try(
      (socket) =>
        onReadable(socket, () => {
          const received: unknown = socket.read();
          if (received instanceof Buffer) {
            if (received.equals(data)) {
              back.fire();
            } else {
              socket.unshift(received);
            }
          }
        }),
      async (channel) => {
        const isBack = this.#soon(back, this.#patience);
        channel.write(data);
        return await isBack;
      },
    );
  }

  /** @param arrived called for each new client until the end of the trial; it returns what removes its listener */
  async #try(
    arrived: (socket: Socket) => () => void,
    judge: (channel: Trial, first: Promise<boolean>) => Promise<boolean>,
  ): Promise<boolean> {
    const removals: (() => void)[] = [];
    const arrivals = this.#arrived.event((socket) => removals.push(arrived(socket)));
    const limit = this.#limit(openPatience);
    let channel: Trial | undefined;
    try {
      // Nobody waits for the trial before a client has come.
      const first = this.#soon(this.#arrived, mostPatience);
      const { clock, open } = this.#init;
      const began = clock.monotonic();
      channel = await open(limit.signal);
      this.#patience = Math.min(
        Math.max(this.#patience, hopsOfLoop * (clock.monotonic() - began)),
        mostPatience,
      );
      return await judge(channel, first);
    } finally {
      limit.dispose();
      channel?.close();
      // Let it flow, so that its end is noticed.
      channel?.resume();
      arrivals.dispose();
      for (const remove of removals) {
        remove();
      }
    }
  }

  #limit(milliseconds: number): Deadline {
    const { clock, run } = this.#init;
    return new Deadline(clock, milliseconds, () => new CancelledError(), run);
  }

  /** Resolves to whether it fires in time. */
  async #soon<T>(event: Emitter<T>, patience: number): Promise<boolean> {
    const limit = this.#limit(patience);
    try {
      await nextEvent(event.event, limit.signal);
      return true;
    } catch {
      return false;
    } finally {
      limit.dispose();
    }
  }
}

/** Two forwards of one loop must not begin their trials at once: each would make the other one's client wait. */
function threshold(): number {
  return suspicious + randomInt(suspicious / 2);
}

/**
 * Calls back once when a paused socket has data, which it keeps, or has ended. The listener must not stay: a socket
 * with one does not flow.
 */
function onReadable(socket: Socket, report: () => void): () => void {
  socket.once("readable", report);
  return () => socket.off("readable", report);
}

export function leadsBack(): ForwardError {
  return new ForwardError("loop", "The forward leads back to its own listener");
}
