/** SOCKS 4, 4a and 5 (RFC 1928), to the extent of OpenSSH's channels.c: CONNECT without authentication. */
import { isIPv4, isIPv6 } from "node:net";
import { formatAddress } from "./formatAddress.ts";

export interface SocksTarget {
  /** Name or address, untrusted. */
  readonly host: string;
  readonly port: number;
}

export type SocksOutcome = "granted" | "refused" | "not-allowed" | "unreachable" | "failed";

export type SocksStep =
  | { readonly kind: "more"; readonly reply?: Uint8Array }
  /** `rest`: data that the client sent after its request. */
  | {
      readonly kind: "target";
      readonly target: SocksTarget;
      readonly rest: Uint8Array;
      readonly reply?: Uint8Array;
    }
  /** Close it, after sending `reply`. */
  | { readonly kind: "malformed"; readonly reply?: Uint8Array };

/** Longer than any request: 2 fields of 255 bytes, and the bytes around them. */
const longestRequest = 1024;
const longestName = 255;

const none = Buffer.alloc(0);
const noAuthentication = 0;
const noAcceptableMethod = 0xff;
const connect = 1;

/** Reads one client's request, however it is split. */
export class SocksRequest {
  #waiting = Buffer.alloc(0);
  #version: 4 | 5 | undefined;
  #greeted = false;

  push(data: Uint8Array): SocksStep {
    this.#waiting = Buffer.concat([this.#waiting, data]);
    const first = this.#waiting[0];
    if (this.#version === undefined) {
      if (first !== 4 && first !== 5) {
        return first === undefined ? { kind: "more" } : { kind: "malformed" };
      }
      this.#version = first;
    }
    const step = this.#version === 4 ? this.#four() : this.#five();
    return step.kind === "more" && this.#waiting.length > longestRequest ? { kind: "malformed" } : step;
  }

  /** The reply to the request: whether its connection was made. Empty before there was a request. */
  answer(outcome: SocksOutcome): Uint8Array {
    if (this.#version === 4) {
      return Buffer.from([0, outcome === "granted" ? 90 : 91, 0, 0, 0, 0, 0, 0]);
    }
    const code = { granted: 0, failed: 1, "not-allowed": 2, unreachable: 4, refused: 5 }[outcome];
    return Buffer.from([5, code, 0, 1, 0, 0, 0, 0, 0, 0]);
  }

  #four(): SocksStep {
    const data = this.#waiting;
    if (data.length < 9) {
      return data.length > 1 && data[1] !== connect ? this.#refused() : { kind: "more" };
    }
    if (data[1] !== connect) {
      return this.#refused();
    }
    const userEnd = data.indexOf(0, 8);
    if (userEnd < 0) {
      return data.length - 8 > longestName ? this.#refused() : { kind: "more" };
    }
    const port = data.readUInt16BE(2);
    const address = data.subarray(4, 8);
    // SOCKS 4a: 0.0.0.x means that a name follows the user.
    const hasName = address[0] === 0 && address[1] === 0 && address[2] === 0 && address[3] !== 0;
    if (!hasName) {
      return this.#target(formatAddress(address), port, userEnd + 1);
    }
    const nameEnd = data.indexOf(0, userEnd + 1);
    if (nameEnd < 0) {
      return data.length - userEnd - 1 > longestName ? this.#refused() : { kind: "more" };
    }
    return this.#target(data.toString("latin1", userEnd + 1, nameEnd), port, nameEnd + 1);
  }

  #five(): SocksStep {
    let reply: Uint8Array | undefined;
    if (!this.#greeted) {
      const count = this.#waiting[1];
      if (count === undefined || this.#waiting.length < 2 + count) {
        return { kind: "more" };
      }
      if (!this.#waiting.subarray(2, 2 + count).includes(noAuthentication)) {
        return { kind: "malformed", reply: Buffer.from([5, noAcceptableMethod]) };
      }
      this.#waiting = this.#waiting.subarray(2 + count);
      this.#greeted = true;
      reply = Buffer.from([5, noAuthentication]);
    }
    const step = this.#request();
    // Each request gets its own reply, also if they came in one piece.
    return reply === undefined ? step : { ...step, reply: Buffer.concat([reply, step.reply ?? none]) };
  }

  #request(): SocksStep {
    const data = this.#waiting;
    const type = data[3];
    if (type === undefined) {
      return { kind: "more" };
    }
    if (data[0] !== 5 || data[2] !== 0) {
      return { kind: "malformed" };
    }
    if (data[1] !== connect) {
      return { kind: "malformed", reply: Buffer.from([5, 7, 0, 1, 0, 0, 0, 0, 0, 0]) };
    }
    const nameLength = data[4];
    const [start, length] =
      type === 1 ? [4, 4] : type === 4 ? [4, 16] : type === 3 ? [5, nameLength ?? 0] : [0, 0];
    if (length === 0 && !(type === 3 && nameLength === undefined)) {
      return { kind: "malformed", reply: Buffer.from([5, 8, 0, 1, 0, 0, 0, 0, 0, 0]) };
    }
    const end = start + length + 2;
    if (length === 0 || data.length < end) {
      return { kind: "more" };
    }
    const address = data.subarray(start, start + length);
    const host = type === 3 ? address.toString("latin1") : formatAddress(address);
    return this.#target(host, data.readUInt16BE(end - 2), end);
  }

  #target(host: string, port: number, end: number): SocksStep {
    const rest = this.#waiting.subarray(end);
    this.#waiting = Buffer.alloc(0);
    return isHost(host) ? { kind: "target", target: { host, port }, rest } : this.#refused();
  }

  #refused(): SocksStep {
    return { kind: "malformed", reply: this.answer("failed") };
  }
}

/** A valid host for the server: no control characters or blanks, and not empty. */
function isHost(host: string): boolean {
  return isIPv4(host) || isIPv6(host) || /^[\w.:%*+~-]+$/.test(host);
}
