import { lookup } from "node:dns/promises";
import { connect, type Socket } from "node:net";
import type { Clock } from "../../base/clock.ts";
import { raceSignal } from "../../base/deadline.ts";
import type { Disposable } from "../../base/disposable.ts";
import { ConnectError } from "../engineErrors.ts";
import { mostTelling, networkError } from "./networkErrors.ts";
import { readsIntoOneBuffer } from "./reusedReads.ts";

export interface DialTarget {
  readonly hostName: string;
  readonly port: number;
  readonly addressFamily: "any" | "inet" | "inet6";
  readonly bindAddress?: string;
  /** Rounds over all addresses, one second apart (ssh_config ConnectionAttempts). */
  readonly connectionAttempts: number;
}

/** RFC 8305 section 5: the time before the next address is tried in parallel. */
const headStart = 250;
const betweenAttempts = 1_000;

/**
 * Connects to the first address that replies (RFC 8305). Node's own implementation gives up an address after its head
 * start, so that it never reaches a distant host. Rejects with ConnectError or the signal's reason, leaving nothing
 * open.
 */
export async function dialTcp(target: DialTarget, clock: Clock, signal: AbortSignal): Promise<Socket> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await dialOnce(target, clock, signal);
    } catch (error) {
      if (signal.aborted || attempt >= target.connectionAttempts) {
        throw ConnectError.is(error) ? withAddress(error, target) : error;
      }
      await pause(betweenAttempts, clock, signal);
    }
  }
}

function withAddress({ reason, message, cause }: ConnectError, target: DialTarget): ConnectError {
  const { hostName, port } = target;
  return new ConnectError(reason, message, { cause, dialed: { hostName, port } });
}

async function dialOnce(target: DialTarget, clock: Clock, signal: AbortSignal): Promise<Socket> {
  const family = target.addressFamily === "inet" ? 4 : target.addressFamily === "inet6" ? 6 : 0;
  const found = await raceSignal(lookup(target.hostName, { all: true, family }), signal).catch((error) => {
    throw signal.aborted ? error : networkError(error);
  });
  // The lookup returns a numeric address for any family. getaddrinfo, and so `ssh`, refuses a mismatch.
  const usable = found.filter((address) => family === 0 || address.family === family);
  if (usable.length === 0) {
    throw new ConnectError("local", "AddressFamily allows no address of this host");
  }
  return race(interleave(usable), target, clock, signal);
}

/** RFC 8305 section 4: alternate the families, starting with the resolver's first. */
function interleave<T extends { readonly family: number }>(addresses: readonly T[]): T[] {
  const first = addresses.filter(({ family }) => family === addresses[0]?.family);
  const second = addresses.filter(({ family }) => family !== addresses[0]?.family);
  const longest = Math.max(first.length, second.length);
  return Array.from({ length: longest }, (_, index) => [first[index], second[index]])
    .flat()
    .filter((address) => address !== undefined);
}

function race(
  addresses: readonly { readonly address: string }[],
  target: DialTarget,
  clock: Clock,
  signal: AbortSignal,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const running = new Set<Socket>();
    const failures: ConnectError[] = [];
    let next = 0;
    let timer: Disposable | undefined;

    const finish = (): void => {
      timer?.dispose();
      signal.removeEventListener("abort", onAbort);
      for (const socket of running) {
        socket.destroy();
      }
      next = addresses.length;
    };
    const onAbort = (): void => {
      finish();
      reject(signal.reason);
    };
    const start = (): void => {
      timer?.dispose();
      const address = addresses[next++];
      if (address === undefined) {
        if (running.size === 0 && failures.length === addresses.length) {
          finish();
          reject(mostTelling(failures));
        }
        return;
      }
      const socket: Socket = connect({
        host: address.address,
        port: target.port,
        noDelay: true,
        onread: readsIntoOneBuffer(() => socket),
        ...(target.bindAddress !== undefined && { localAddress: target.bindAddress }),
      });
      running.add(socket);
      socket.once("connect", () => {
        running.delete(socket);
        socket.removeAllListeners("error");
        finish();
        resolve(socket);
      });
      socket.on("error", (error) => {
        if (running.delete(socket)) {
          failures.push(networkError(error));
          start();
        }
      });
      timer = clock.setTimeout(start, headStart);
    };

    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) {
      onAbort();
    } else {
      start();
    }
  });
}

function pause(milliseconds: number, clock: Clock, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      timer.dispose();
      reject(signal.reason);
    };
    const timer = clock.setTimeout(() => {
      signal.removeEventListener("abort", onAbort);
      resolve();
    }, milliseconds);
    signal.addEventListener("abort", onAbort, { once: true });
  });
}
