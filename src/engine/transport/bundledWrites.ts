import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { guarded } from "../../base/guarded.ts";
import { releaseMemory } from "../../base/releaseMemory.ts";

/** In bytes: a piece up to this size is joined with others, up to this sum. */
const smallPiece = 1024;
const joinedBytes = 16 * 1024;

/**
 * In bytes: with more than this, the socket gets them before the end of the turn. Channels wait at 128 KiB
 * (socketBackpressure.ts), and to stop and start what they read costs more than a system call.
 */
const mostGathered = 96 * 1024;

/** In bytes: a packet's last piece, its tag or MAC, is small. It goes with the packet, not in a segment of its own. */
const roomForPacket = 36 * 1024;

export interface BundledWrites {
  /** Passes on what was written in this turn. */
  flush(): void;
}

/**
 * Makes a socket pass on its writes once per turn of the event loop, unless they are many, after all sockets that were
 * readable have been read: a packet is written in three pieces, and twenty connections through forwards write in one
 * turn. Each would be a system call and a TCP segment of its own, and wake the server. Small pieces are joined: each
 * costs ten times its bytes while it waits, and a million of them are a short queue in bytes.
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
  const handed = (goesOn: boolean): boolean => {
    onHanded(goesOn);
    return goesOn;
  };
  /** Small pieces, one after another: what is before `from` was passed on, and what is behind `to` is free. */
  let block = Buffer.alloc(0);
  let [from, to] = [0, 0];
  /** Bytes that were written since the socket got any. */
  let gathered = 0;
  const join = (): void => {
    if (to > from) {
      const joined = block.subarray(from, to);
      from = to;
      if (socket.writable) {
        handed(write(joined));
      }
    }
  };
  const flush = (): void => {
    join();
    gathered = 0;
    socket.uncork();
  };
  socket.write = (data: unknown, encoding?: unknown, callback?: unknown): boolean => {
    const isBytes = data instanceof Uint8Array;
    const isPlain = isBytes && encoding === undefined && callback === undefined;
    const length = isBytes ? data.length : 0;
    onWrite(length);
    gathered += length;
    if (socket.writableCorked === 0) {
      socket.cork();
      setImmediate(guarded(flush));
    }
    if (!isPlain || length > smallPiece) {
      join();
      // After an error, the socket may still use the memory.
      const goesOn = handed(
        frees && isPlain
          ? write(data, (error: Error | null | undefined) => !error && releaseMemory(data))
          : write(data, encoding, callback),
      );
      if (gathered > mostGathered + roomForPacket) {
        flush();
      }
      return goesOn;
    }
    if (to + length > block.length) {
      join();
      block = Buffer.allocUnsafeSlow(joinedBytes);
      [from, to] = [0, 0];
    }
    block.set(data, to);
    to += length;
    if (gathered > mostGathered) {
      flush();
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
