import type { Clock } from "../../base/clock.ts";
import { Deadline } from "../../base/deadline.ts";
import { MuxError, withMaster } from "./muxControl.ts";
import { findUsersSocket } from "./usersSocket.ts";

/** A master answers its socket at once, unless it is stopped. Milliseconds. */
export const answerPatience = 2_000;

/** A live master of the user's own `ssh`. */
export interface FoundMaster {
  /** As the master reports it. */
  readonly pid: number;
  /** Wall-clock milliseconds: when its socket was bound. */
  readonly since: number;
  /** Differs for another socket at the same path. */
  readonly identity: string;
}

/**
 * Asks whether a master is alive, as `ssh -O check` does. Undefined: there is none, or it does not answer. A leftover
 * socket is left alone: it is the user's.
 * @throws the signal's reason
 */
export async function findMaster(
  path: string,
  clock: Clock,
  signal: AbortSignal,
): Promise<FoundMaster | undefined> {
  const socket = await findUsersSocket(path);
  if (socket === undefined) {
    return undefined;
  }
  const limit = new Deadline(clock, answerPatience, () => new MuxError("unreachable", "No answer"), signal);
  try {
    const pid = await withMaster(path, limit.signal, (control) => control.alive());
    const after = await findUsersSocket(path);
    return after?.identity === socket.identity ? { pid, ...socket } : undefined;
  } catch (error) {
    signal.throwIfAborted();
    if (!MuxError.is(error)) {
      throw error;
    }
    return undefined;
  } finally {
    limit.dispose();
  }
}
