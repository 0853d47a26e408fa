import type { Socket } from "node:net";

/**
 * Ends a socket at once, so that its program sees an error and does not take a part for the whole: TCP by RST. A unix
 * socket has no reset (Node's resetAndDestroy throws there), and is closed.
 */
export function resetSocket(socket: Socket): void {
  if (socket.remoteAddress === undefined) {
    socket.destroy();
  } else {
    socket.resetAndDestroy();
  }
}
