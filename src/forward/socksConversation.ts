import type { Socket } from "node:net";
import type { EngineChannel } from "../engine/connectionEngine.ts";
import { ChannelError, ForwardError } from "../engine/engineErrors.ts";
import { type SocksOutcome, SocksRequest, type SocksTarget } from "./socks.ts";

/** A client that has named its target. */
export interface SocksClient {
  readonly target: SocksTarget;
  /** Data that it sent after its request. */
  readonly rest: Uint8Array;
  /** Send it before any data: whether the connection was made. */
  answer(outcome: SocksOutcome): Uint8Array;
}

/** Reads the request of a client of a local listener. The socket is paused before and after. */
export function socksOnSocket(socket: Socket, signal: AbortSignal): Promise<SocksClient> {
  const request = new SocksRequest();
  return new Promise((resolve, reject) => {
    const stop = (settle: () => void): void => {
      socket.pause();
      socket.off("data", onData);
      socket.off("end", onEnd);
      socket.off("error", onEnd);
      socket.off("close", onEnd);
      signal.removeEventListener("abort", onAbort);
      settle();
    };
    const onEnd = (): void => stop(() => reject(malformed()));
    const onAbort = (): void => stop(() => reject(signal.reason));
    const onData = (data: Uint8Array): void => {
      const step = request.push(data);
      if (step.reply !== undefined) {
        socket.write(step.reply);
      }
      if (step.kind === "target") {
        const { target, rest } = step;
        stop(() => resolve({ target, rest, answer: (outcome) => request.answer(outcome) }));
      } else if (step.kind === "malformed") {
        stop(() => {
          socket.end();
          reject(malformed());
        });
      }
    };
    socket.on("data", onData);
    socket.on("end", onEnd);
    socket.on("error", onEnd);
    socket.on("close", onEnd);
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) {
      onAbort();
    } else {
      socket.resume();
    }
  });
}

/** Like `socksOnSocket`, for a client of the server's listener. Call it in the turn in which the channel opened. */
export function socksOnChannel(channel: EngineChannel, signal: AbortSignal): Promise<SocksClient> {
  const request = new SocksRequest();
  return new Promise((resolve, reject) => {
    const subscriptions = [
      channel.onDidReceive(({ data }) => {
        const step = request.push(data);
        if (step.reply !== undefined) {
          channel.write(step.reply);
        }
        if (step.kind === "target") {
          const { target, rest } = step;
          stop(() => resolve({ target, rest, answer: (outcome) => request.answer(outcome) }));
        } else if (step.kind === "malformed") {
          stop(() => reject(malformed()));
        }
      }),
      channel.onDidReceiveEof(() => stop(() => reject(malformed()))),
      channel.onDidClose(() => stop(() => reject(malformed()))),
    ];
    const onAbort = (): void => stop(() => reject(signal.reason));
    const stop = (settle: () => void): void => {
      channel.pause();
      for (const subscription of subscriptions) {
        subscription.dispose();
      }
      signal.removeEventListener("abort", onAbort);
      settle();
    };
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) {
      onAbort();
    } else {
      channel.resume();
    }
  });
}

/** The SOCKS reply for a failed connection. */
export function socksOutcome(error: unknown): SocksOutcome {
  if (!ChannelError.is(error) || error.reason !== "refused") {
    return "failed";
  }
  return error.code === 1 ? "not-allowed" : "refused";
}

function malformed(): ForwardError {
  return new ForwardError(
    "bad-socks",
    "The client's SOCKS request is malformed, incomplete or of an unsupported kind",
  );
}
