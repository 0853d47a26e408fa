import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Clock } from "./clock.ts";

/** Milliseconds. A peer that does not take what is queued for it within this time loses it. */
const partingGrace = 30_000;

/**
 * Calls `gone` when the other end of a local stream has ended, failed or closed, and perhaps again. OpenSSH's client
 * closes its socket when it ends, so a half-close means that it has gone.
 */
export function onPeerGone(stream: Duplex, gone: () => void): void {
  for (const event of ["end", "error", "close"]) {
    stream.on(event, () => gone());
  }
}

/**
 * Closes a socket when its peer has taken what is queued, or after a while: a stopped peer would keep the queue in
 * this process until it is killed.
 */
export function partWith(socket: Socket, clock: Clock): void {
  socket.destroySoon();
  if (!socket.destroyed) {
    const grace = clock.setTimeout(() => socket.destroy(), partingGrace);
    socket.once("close", () => grace.dispose());
  }
}
