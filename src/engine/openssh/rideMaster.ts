import type { Clock } from "../../base/clock.ts";
import { Deadline } from "../../base/deadline.ts";
import { asError } from "../../base/errors.ts";
import type { Logger } from "../../base/log.ts";
import { ChannelError } from "../engineErrors.ts";
import type { Departures } from "./departures.ts";
import { answerPatience } from "./findMaster.ts";
import { ridingFolder } from "./masterFolder.ts";
import { MuxControl, MuxError } from "./muxControl.ts";
import { RiddenConnection } from "./riddenConnection.ts";
import { findUsersSocket } from "./usersSocket.ts";

/** The server's answer: the connection of a hung master is not used. Milliseconds. */
const roundTripPatience = 5_000;

export interface RidingMeans {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly departures?: Departures | undefined;
}

export type RideOutcome =
  | { readonly kind: "rides"; readonly connection: RiddenConnection }
  /** Nobody of this user listens there. */
  | { readonly kind: "gone" }
  /** The master or its server does not answer in time. */
  | { readonly kind: "silent" }
  /** It is no OpenSSH master that can be used, or its server takes no more sessions. */
  | { readonly kind: "unfit"; readonly why: string };

/**
 * Becomes a proxy client of the master at `path`, after a round trip to its server.
 * @throws the signal's reason, ConnectError `local`
 */
export async function rideMaster(
  path: string,
  { clock, logger, departures }: RidingMeans,
  signal: AbortSignal,
): Promise<RideOutcome> {
  const before = await findUsersSocket(path);
  if (before === undefined) {
    return { kind: "gone" };
  }
  const folder = await ridingFolder();
  const limit = new Deadline(clock, answerPatience, () => new MuxError("unreachable", "No answer"), signal);
  let connection: RiddenConnection;
  try {
    const control = await MuxControl.open(path, limit.signal);
    const onAbort = (): void => control.close();
    limit.signal.addEventListener("abort", onAbort, { once: true });
    try {
      if ((await findUsersSocket(path))?.identity !== before.identity) {
        throw new MuxError("malformed", "The socket was replaced");
      }
      const pid = await control.alive();
      const { socket, frames } = await control.proxy();
      connection = new RiddenConnection({
        ...{ socket, frames, folder, logger, clock, departures },
        master: { pid, path },
        info: { engine: "openssh", serverVersion: "", authMethod: "" },
      });
    } catch (error) {
      control.close();
      throw error;
    } finally {
      limit.signal.removeEventListener("abort", onAbort);
    }
  } catch (error) {
    signal.throwIfAborted();
    if (!MuxError.is(error)) {
      throw error;
    }
    return limit.signal.aborted
      ? { kind: "silent" }
      : hasNoListener(error)
        ? { kind: "gone" }
        : { kind: "unfit", why: error.message };
  } finally {
    limit.dispose();
  }
  return await tried(connection, clock, signal);
}

function hasNoListener({ cause }: MuxError): boolean {
  return (
    cause instanceof Error && "code" in cause && (cause.code === "ECONNREFUSED" || cause.code === "ENOENT")
  );
}

/** The connection, if its server answers and has room. Otherwise it leaves the master. */
async function tried(connection: RiddenConnection, clock: Clock, signal: AbortSignal): Promise<RideOutcome> {
  const limit = new Deadline(
    clock,
    roundTripPatience,
    () => new ChannelError("timed-out", "No answer of the server"),
    signal,
  );
  try {
    if (await connection.hasRoom(limit.signal)) {
      return { kind: "rides", connection };
    }
    connection.close();
    return { kind: "unfit", why: "Its server takes no more sessions" };
  } catch (error) {
    connection.destroy();
    signal.throwIfAborted();
    return ChannelError.is(error) && error.reason === "timed-out"
      ? { kind: "silent" }
      : { kind: "unfit", why: asError(error).message };
  } finally {
    limit.dispose();
  }
}
