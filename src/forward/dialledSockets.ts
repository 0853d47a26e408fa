import type { Socket } from "node:net";

/**
 * A server's clients may happen to have the address of one of our sockets, 127.0.0.1 and the same port. It does not
 * happen four times in a row.
 */
const proof = 4;

/**
 * Our sockets to the targets of remote forwards, by their own address, with the forwards that led to each. A server
 * that is this computer reports that address for the next connection, if the target is a listener of ours on it.
 */
export class DialledSockets {
  readonly #paths = new Map<string, readonly string[]>();

  /**
   * @param from the origin of the connection for which forward `id` dialled
   * @returns whether it is certain that the connection went through the same forward before
   */
  add(socket: Socket, id: string, from: string | undefined): boolean {
    const path = [...((from !== undefined && this.#paths.get(from)) || []), id];
    const { localAddress, localPort } = socket;
    if (localAddress !== undefined) {
      const address = `${localAddress}:${localPort}`;
      this.#paths.set(address, path);
      socket.once("close", () => this.#paths.delete(address));
    }
    return path.filter((each) => each === id).length > proof;
  }
}
