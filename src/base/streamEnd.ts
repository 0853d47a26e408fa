import type { Duplex } from "node:stream";

/**
 * Calls `gone` when the other end of a local stream has ended, failed or closed, and perhaps again. OpenSSH's client
 * closes its socket when it ends, so a half-close means that it has gone.
 */
export function onPeerGone(stream: Duplex, gone: () => void): void {
  for (const event of ["end", "error", "close"]) {
    stream.on(event, () => gone());
  }
}
