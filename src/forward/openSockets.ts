import type { Socket } from "node:net";
import { resetSocket } from "./resetSocket.ts";

/** The sockets of a forward that are not closed. */
export class OpenSockets {
  readonly #sockets = new Set<Socket>();

  add(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
  }

  resetAll(): void {
    for (const socket of [...this.#sockets]) {
      resetSocket(socket);
    }
  }
}
