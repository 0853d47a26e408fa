import { rm } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import type { Clock } from "../../base/clock.ts";
import { guarded } from "../../base/guarded.ts";
import type { Logger } from "../../base/log.ts";
import { markServed } from "../servedMark.ts";
import { listenIn, prepareSocketFolder, programSocketName, stdioSocketName } from "../socketFolder.ts";
import type { Served } from "./meetingPlace.ts";

export interface SocketTools {
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Listens for the clients of one connection. @throws ShareError, or the system's error */
export type Listen = (serve: (socket: Socket, isStdio: boolean) => void) => Promise<Served>;

/** Programs, with a second socket for those of `ssh -W`, who say only there what they want. */
export function listenForPrograms(folder: string, tools: SocketTools): Listen {
  return async (serve) => {
    await prepareSocketFolder(folder);
    const plain = await serveIn(folder, tools, (socket) => serve(socket, false), programSocketName());
    try {
      const stdio = await serveIn(
        folder,
        tools,
        (socket) => serve(socket, true),
        stdioSocketName(plain.name),
      );
      return {
        name: plain.name,
        dispose() {
          plain.dispose();
          stdio.dispose();
        },
      };
    } catch (error) {
      plain.dispose();
      throw error;
    }
  };
}

/** Windows. @param name of the socket in the folder */
export function listenForWindows(folder: string, name: string, tools: SocketTools): Listen {
  return async (serve) => {
    await prepareSocketFolder(folder);
    return await serveIn(folder, tools, (socket) => serve(socket, false), name);
  };
}

/** @param folder one that only this user can enter @param name default: a new one */
export async function serveIn(
  folder: string,
  { clock, logger }: SocketTools,
  serve: (socket: Socket) => void,
  name?: string,
): Promise<Served> {
  const server = socketServer(serve, logger);
  try {
    const socketName = await listenIn(folder, server, name);
    const mark = await markServed([join(folder, socketName)], clock);
    return {
      name: socketName,
      dispose() {
        mark.dispose();
        server.close();
        void rm(join(folder, socketName), { force: true }).catch(() => {});
      },
    };
  } catch (error) {
    server.close();
    throw error;
  }
}

/** It goes on after an error, such as a lack of descriptors for a client. */
export function socketServer(serve: (socket: Socket) => void, logger: Logger): Server {
  const server = createServer(guarded(serve));
  return server.on("error", (error) => {
    // Otherwise it is the error of the call that was to listen.
    if (server.listening) {
      logger.warn(`A socket for programs or windows failed: ${error.message}`);
    }
  });
}
