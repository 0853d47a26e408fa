import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { Socket } from "node:net";
import type { Clock } from "../../base/clock.ts";
import { guarded } from "../../base/guarded.ts";
import { wireString } from "../../base/wire.ts";

/** What both ends say first, with a nonce behind it. Another handshake has another version. */
const greeting = Buffer.from("ssh-sessions window 1\n");
const nonceLength = 32;
const proofLength = 32;

export type PipeRole = "holder" | "visitor";

export interface HandshakeInit {
  /** Of this end. */
  readonly role: PipeRole;
  /** Of the pipe. Both ends prove that they mean this one, so that nobody can stand between two pipes. */
  readonly id: string;
  /** Both ends prove that they know it. It is never sent. */
  readonly secret: Buffer;
  /** Milliseconds for all of it. */
  readonly patience: number;
  readonly clock: Clock;
}

export type HandshakeOutcome =
  /** The next byte that is read or written is the first one of the protocol. */
  | { readonly kind: "proved" }
  /** What it sent is no proof. */
  | { readonly kind: "wrong" }
  | { readonly kind: "silent" }
  /** No process has this pipe. */
  | { readonly kind: "gone" }
  /** It has let us go, or had no room for us (Linux: the queue of a socket is full). */
  | { readonly kind: "closed" }
  | { readonly kind: "failed"; readonly why: string };

/**
 * Each end proves to the other that it is a process of the same user, before any byte of a protocol: Node can set no
 * access list on a named pipe, so others may open it, or make one of its name when its process has ended.
 *
 * Both send the greeting and a nonce, then HMAC-SHA-256 by the secret over the version, the sender's role, the pipe and
 * both nonces. A proof is worth nothing for the other role (reflection), another time (replay) or another pipe (relay).
 * Reads no byte more than the handshake has; Node stops reading ahead at its own limit.
 *
 * @param socket may be connecting still. Destroyed, unless the outcome is `proved`.
 * @throws only the signal's reason
 */
export function proveEachOther(
  socket: Socket,
  init: HandshakeInit,
  signal: AbortSignal,
): Promise<HandshakeOutcome> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const own = randomBytes(nonceLength);
    let expected: Buffer | undefined;
    const settle = (outcome: HandshakeOutcome | undefined): void => {
      timer.dispose();
      signal.removeEventListener("abort", onAbort);
      socket.off("readable", onReadable).off("error", onError).off("end", onEnd).off("close", onEnd);
      if (outcome?.kind !== "proved") {
        socket.destroy();
      }
      if (outcome === undefined) {
        reject(signal.reason);
      } else {
        resolve(outcome);
      }
    };
    const onAbort = (): void => settle(undefined);
    const onEnd = (): void => settle({ kind: "closed" });
    const onError = (error: NodeJS.ErrnoException): void => {
      if (isGoneError(error)) {
        settle({ kind: "gone" });
      } else if (error.syscall === "connect" && error.code !== "EAGAIN") {
        settle({ kind: "failed", why: error.message });
      } else {
        settle({ kind: "closed" });
      }
    };
    const onReadable = guarded(() => {
      if (expected === undefined) {
        const first = take(socket, greeting.length + nonceLength);
        if (first === undefined) {
          return;
        }
        const theirs = first.subarray(greeting.length);
        if (!first.subarray(0, greeting.length).equals(greeting) || theirs.equals(own)) {
          settle({ kind: "wrong" });
          return;
        }
        expected = proof(init, other[init.role], own, theirs);
        socket.write(proof(init, init.role, own, theirs));
      }
      const theirs = take(socket, proofLength);
      if (theirs !== undefined) {
        settle({ kind: timingSafeEqual(theirs, expected) ? "proved" : "wrong" });
      }
    });
    const timer = init.clock.setTimeout(() => settle({ kind: "silent" }), init.patience);
    signal.addEventListener("abort", onAbort, { once: true });
    // It stays: whoever gets the socket may hear of an error before it listens.
    socket.on("error", () => {});
    socket.on("error", onError).on("end", onEnd).on("close", onEnd).on("readable", onReadable);
    socket.write(Buffer.concat([greeting, own]));
  });
}

/** No process has the pipe to which we wanted to connect. */
export function isGoneError(error: NodeJS.ErrnoException): boolean {
  return error.syscall === "connect" && (error.code === "ENOENT" || error.code === "ECONNREFUSED");
}

const other: Readonly<Record<PipeRole, PipeRole>> = { holder: "visitor", visitor: "holder" };

/** Undefined: not all of it has come. Of a stream that has ended, `read` returns what is left. */
function take(socket: Socket, length: number): Buffer | undefined {
  const bytes = socket.read(length) as Buffer | null;
  return bytes?.length === length ? bytes : undefined;
}

/** @param role of the end that proves */
function proof(init: HandshakeInit, role: PipeRole, own: Buffer, theirs: Buffer): Buffer {
  const [holder, visitor] = init.role === "holder" ? [own, theirs] : [theirs, own];
  return createHmac("sha256", init.secret)
    .update(Buffer.concat([greeting, role, init.id, holder, visitor].map(wireString)))
    .digest();
}
