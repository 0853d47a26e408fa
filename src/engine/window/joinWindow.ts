import type { Socket } from "node:net";
import type { Clock } from "../../base/clock.ts";
import { guarded } from "../../base/guarded.ts";
import { WireReader, wireUint32 } from "../../base/wire.ts";
import { MuxFrames } from "../mux/muxFrames.ts";
import { encodeMux, encodeMuxHello, muxType, muxVersion } from "../mux/muxMessages.ts";
import { decodeWindowHello, encodeWindowHello, type WindowHello } from "../mux/windowProtocol.ts";

/** How an attempt to share the connection of another window went. */
export type JoinOutcome =
  | {
      readonly kind: "joined";
      readonly owner: WindowHello;
      /** Paused, in the proxy phase. The caller owns it. */
      readonly socket: Socket;
      /** What came behind the reply that started the proxy phase. */
      readonly frames: MuxFrames;
    }
  /** Nothing listens there any more: the socket is left over. */
  | { readonly kind: "stale" }
  /** The window does not answer: it is stopped or blocked. */
  | { readonly kind: "silent" }
  /** The window speaks another version, or its server has no room. */
  | { readonly kind: "unfit"; readonly why: string };

/**
 * Asks the window at the other end to share its connection.
 * @param socket may be connecting still. Owned from now on
 * @param limits `patience`: milliseconds; a window that is stopped accepts the connection and sends nothing.
 */
export function joinWindow(
  socket: Socket,
  hello: WindowHello,
  limits: { readonly patience: number; readonly clock: Clock },
  signal: AbortSignal,
): Promise<JoinOutcome> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      socket.on("error", () => {});
      socket.destroy();
      throw signal.reason;
    }
    const frames = new MuxFrames();
    let owner: WindowHello | undefined;
    const settle = (outcome: JoinOutcome | undefined): void => {
      timer.dispose();
      signal.removeEventListener("abort", onAbort);
      socket.removeAllListeners();
      if (outcome?.kind !== "joined") {
        socket.on("error", () => {});
        socket.destroy();
      }
      if (outcome === undefined) {
        reject(signal.reason);
      } else {
        resolve(outcome);
      }
    };
    const unfit = (why: string): void => settle({ kind: "unfit", why });
    const onAbort = (): void => settle(undefined);
    const timer = limits.clock.setTimeout(() => settle({ kind: "silent" }), limits.patience);
    signal.addEventListener("abort", onAbort, { once: true });
    /** @returns whether the handshake is over. */
    const take = (frame: WireReader): boolean => {
      const [type, value] = [frame.uint32(), frame.uint32()];
      if (owner === undefined) {
        owner = type === muxType.hello && value === muxVersion ? decodeWindowHello(frame) : undefined;
        if (owner?.key !== hello.key || owner.info === undefined) {
          unfit("It speaks another version of the protocol");
        } else if (owner.isFull === true) {
          unfit("Its server takes no more sessions");
        } else {
          socket.write(encodeMux(muxType.proxy, wireUint32(0)));
          return false;
        }
      } else if (type === muxType.proxyReply) {
        socket.pause();
        settle({ kind: "joined", owner, socket, frames });
      } else {
        unfit("It shares the connection no more");
      }
      return true;
    };
    socket.on(
      "data",
      guarded((data: Buffer) => {
        frames.push(data);
        try {
          for (let frame = frames.next(); frame !== undefined; frame = frames.next()) {
            if (take(new WireReader(frame))) {
              return;
            }
          }
        } catch (error) {
          if (!(error instanceof RangeError)) {
            throw error;
          }
          unfit("It sent a frame that is too large");
        }
      }),
    );
    socket.on("error", (error: NodeJS.ErrnoException) =>
      error.code === "ECONNREFUSED" ? settle({ kind: "stale" }) : unfit(error.message),
    );
    socket.on("close", () => unfit("It closed the socket"));
    socket.write(encodeMuxHello(encodeWindowHello(hello)));
  });
}
