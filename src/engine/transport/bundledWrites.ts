import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { guarded } from "../../base/guarded.ts";
import { releaseMemory } from "../../base/releaseMemory.ts";

/** In bytes: a piece up to this size is joined with others, up to this sum. */
const smallPiece = 1024;
const joinedBytes = 16 * 1024;

export interface BundledWrites {
  /** Passes on what was written in this turn. */
  flush(): void;
}

/**
 * Makes a socket pass on its writes once per turn of the event loop, after all sockets that were readable have been
 * read: a packet is written in three pieces, and twenty connections through forwards write in one turn. Each would be
 * a system call and a TCP segment of its own, and wake the server. Small pieces are joined: each costs ten times its
 * bytes while it waits, and a million of them are a short queue in bytes.
 * @param onWrite called with the bytes of each write.
 * @param onHanded the socket received data. `goesOn`: it accepts more.
 * @param ownsPieces nobody else uses the memory of what is written
 */
export function bundleWrites(
  socket: Duplex,
  onWrite: (bytes: number) => void,
  onHanded: (goesOn: boolean) => void,
  ownsPieces = false,
): BundledWrites {
  // Of other streams we do not know when they have taken the bytes.
  const frees = ownsPieces && socket instanceof Socket;
  const write = socket.write.bind(socket) as (...values: unknown[]) => boolean;
  const end = socket.end.bind(socket) as (...values: unknown[]) => Duplex;
  const hand = (...values: unknown[]): boolean => {
    const goesOn = write(...values);
    onHanded(goesOn);
    return goesOn;
  };
  let pieces: Uint8Array[] = [];
  let bytes = 0;
  const join = (): void => {
    const joined = pieces;
    pieces = [];
    bytes = 0;
    if (joined.length > 0 && socket.writable) {
      hand(Buffer.concat(joined));
    }
  };
  const flush = (): void => {
    join();
    socket.uncork();
  };
  socket.write = (...values: unknown[]): boolean => {
    const [data, ...others] = values;
    const length = data instanceof Uint8Array ? data.length : 0;
    onWrite(length);
    if (socket.writableCorked === 0) {
      socket.cork();
      setImmediate(guarded(flush));
    }
    if (!(data instanceof Uint8Array) || length > smallPiece || others.length > 0) {
      join();
      // After an error, the socket may still use the memory.
      return frees && data instanceof Uint8Array && others.length === 0
        ? hand(data, (error: Error | null | undefined) => !error && releaseMemory(data))
        : hand(...values);
    }
    pieces.push(data);
    bytes += length;
    if (bytes > joinedBytes) {
      join();
    }
    return !socket.writableNeedDrain;
  };
  socket.end = (...values: unknown[]): typeof socket => {
    join();
    end(...values);
    return socket;
  };
  return { flush };
}
