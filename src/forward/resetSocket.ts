import type { Socket } from "node:net";

/**
 * Ends a socket at once, so that its program sees an error and does not take a part for the whole: TCP by RST. A unix
 * socket can't be reset (Node's resetAndDestroy throws), so it is closed.
 */
export function resetSocket(socket: Socket): void {
  if (socket.remoteAddress === undefined) {
    socket.destroy();
  } else {
    socket.resetAndDestroy();
  }
}
