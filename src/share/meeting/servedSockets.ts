import { rm } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import type { Clock } from "../../base/clock.ts";
import { guarded } from "../../base/guarded.ts";
import { markServed } from "../servedMark.ts";
import { listenIn, prepareSocketFolder, stdioSocketName } from "../socketFolder.ts";
import type { Served } from "./meetingPlace.ts";

/** Listens for the clients of one connection. @throws ShareError, or the system's error */
export type Listen = (serve: (socket: Socket, isStdio: boolean) => void) => Promise<Served>;

/** Programs, with a second socket for those of `ssh -W`, who say only there what they want. */
export function listenForPrograms(folder: string, clock: Clock): Listen {
  return async (serve) => {
    await prepareSocketFolder(folder);
    const plain = await serveIn(folder, clock, (socket) => serve(socket, false));
    try {
      const stdio = await serveIn(
        folder,
        clock,
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
export function listenForWindows(folder: string, name: string, clock: Clock): Listen {
  return async (serve) => {
    await prepareSocketFolder(folder);
    return await serveIn(folder, clock, (socket) => serve(socket, false), name);
  };
}

/** @param folder one that only this user can enter @param name default: a new one */
export async function serveIn(
  folder: string,
  clock: Clock,
  serve: (socket: Socket) => void,
  name?: string,
): Promise<Served> {
  const server = socketServer(serve);
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

/** An error after it has begun to listen concerns one client, such as a lack of descriptors. */
export function socketServer(serve: (socket: Socket) => void): Server {
  return createServer(guarded(serve)).on("error", () => {});
}
