import type { Server, Socket } from "node:net";
import { type Disposable, toDisposable } from "../../base/disposable.ts";
import { CancelledError } from "../../base/errors.ts";
import { guarded } from "../../base/guarded.ts";
import { hasErrorCode } from "../socketFolder.ts";
import { type HandshakeOutcome, proveEachOther } from "./pipeHandshake.ts";
import { type SocketTools, socketServer } from "./servedSockets.ts";

/** Of clients that have proved nothing yet, the oldest has to go for a further one. */
const mostPending = 16;

/** Milliseconds for the proof of a client. */
const patience = 2_000;

export interface PipeDoorInit extends SocketTools {
  readonly path: string;
  readonly id: string;
  readonly secret: Buffer;
  /** Gets the clients of the same user. */
  serve(socket: Socket): void;
  /** A process that does not know the secret wanted to come in. */
  stranger(): void;
}

/**
 * Listens at a pipe. libuv makes the first instance of a name with FILE_FLAG_FIRST_PIPE_INSTANCE, so that one process
 * has it. Undefined: another process does. The pipe ends with its process.
 * @throws the system's error
 */
export async function openDoor(init: PipeDoorInit): Promise<Disposable | undefined> {
  const pending = new Set<AbortController>();
  const server = socketServer((socket) => {
    const [oldest] = pending;
    if (pending.size >= mostPending) {
      oldest?.abort(new CancelledError());
    }
    const stop = new AbortController();
    pending.add(stop);
    const { id, secret, clock } = init;
    const settled = guarded(({ kind }: HandshakeOutcome) => {
      if (kind === "proved") {
        init.serve(socket);
      } else if (kind === "wrong") {
        init.stranger();
      }
    });
    proveEachOther(socket, { id, secret, clock, patience, role: "holder" }, stop.signal)
      .then(settled, () => {})
      .finally(() => pending.delete(stop));
  }, init.logger);
  if (!(await listens(server, init.path))) {
    return undefined;
  }
  return toDisposable(() => {
    server.close();
    for (const stop of pending) {
      stop.abort(new CancelledError());
    }
  });
}

/** @returns whether nobody else listens there. On Windows, EACCES is a pipe of a process with other rights. */
function listens(server: Server, path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const onError = (error: Error): void => {
      if (hasErrorCode(error, "EADDRINUSE") || hasErrorCode(error, "EACCES")) {
        resolve(false);
      } else {
        reject(error);
      }
    };
    server.once("error", onError);
    server.listen(path, () => {
      server.off("error", onError);
      resolve(true);
    });
  });
}
