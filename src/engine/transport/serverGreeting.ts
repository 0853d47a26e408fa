import { ConnectError } from "../engineErrors.ts";

/**
 * Reads what a server sends unencrypted before keys are exchanged: its version line and its algorithms (RFC 4253
 * section 4, 7).
 */

/** Name lists of SSH_MSG_KEXINIT, in the server's order. */
export interface ServerOffer {
  readonly kex: readonly string[];
  readonly serverHostKey: readonly string[];
  readonly cipher: readonly string[];
  readonly hmac: readonly string[];
  readonly compress: readonly string[];
}

/** kex_exchange_identification of OpenSSH's kex.c: SSH_MAX_BANNER_LEN and SSH_MAX_PRE_BANNER_LINES. */
const longestLine = 8192;
const mostLines = 1024;

/** Characters kept of text before a version line, or instead of one, for errors and the log. */
const keptText = 2048;

const newline = 10;
const carriageReturn = 13;

/** SSH-protoversion-softwareversion SP comments (RFC 4253 section 4.2). */
const versionLine = /^SSH-(\d{1,9})\.(\d{1,9})-([^\n]*)$/;

/** Reads the version line, however it is split, and the text before it; keeps the server's offer for errors. */
export class ServerGreeting {
  #line: Buffer = Buffer.alloc(0);
  #lines = 0;
  #text = "";
  #raw: Buffer | undefined;
  #version: string | undefined;
  #offer: ServerOffer | undefined;

  /** `OpenSSH_9.2p1 Debian-2`: the version line without `SSH-2.0-`; undefined before it was received. Untrusted. */
  get version(): string | undefined {
    return this.#version;
  }

  /** The whole version line as it is hashed (RFC 4253 section 8: V_S), without CR and LF. */
  get raw(): Buffer | undefined {
    return this.#raw;
  }

  get offer(): ServerOffer | undefined {
    return this.#offer;
  }

  set offer(offer: ServerOffer) {
    this.#offer ??= offer;
  }

  /** The text before a version line, or instead of one, including an incomplete line; cut. Untrusted. */
  get text(): string {
    const unfinished = this.#version === undefined ? this.#line.toString("latin1") : "";
    return (this.#text + unfinished).slice(0, keptText);
  }

  /**
   * Reads from `at` and returns where the packets begin; undefined: the version line has not come yet.
   * @throws ConnectError `not-ssh`, `protocol-version` or `protocol`, where OpenSSH gives up as well
   */
  read(chunk: Buffer, at: number, end: number): number | undefined {
    for (let from = at; from < end; ) {
      const found = chunk.subarray(from, end).indexOf(newline);
      const upTo = found < 0 ? end : from + found;
      this.#extend(chunk.subarray(from, upTo));
      if (found < 0) {
        return undefined;
      }
      from = upTo + 1;
      const line = this.#line;
      this.#line = Buffer.alloc(0);
      if (this.#isVersion(line)) {
        return from;
      }
    }
    return undefined;
  }

  #extend(part: Buffer): void {
    if (this.#line.length + part.length > longestLine) {
      throw this.#notSsh("The server's first line is too long");
    }
    this.#line = Buffer.concat([this.#line, part]);
    if (part.includes(0)) {
      throw this.#notSsh("The server's first line has a NUL byte");
    }
  }

  #notSsh(why: string): ConnectError {
    return new ConnectError("not-ssh", why, { serverText: this.text });
  }

  #isVersion(line: Buffer): boolean {
    const raw = line.at(-1) === carriageReturn ? line.subarray(0, -1) : line;
    const text = raw.toString("latin1");
    if (raw.includes(carriageReturn)) {
      throw this.#notSsh("The server's first line has a CR in its middle");
    }
    if (!text.startsWith("SSH-")) {
      if (++this.#lines > mostLines) {
        throw this.#notSsh(`More than ${mostLines} lines came before the version line`);
      }
      if (this.#text.length < keptText) {
        this.#text += `${text}\n`;
      }
      return false;
    }
    const [, major, minor, version] = versionLine.exec(text) ?? [];
    if (version === undefined) {
      throw new ConnectError("protocol", "The server's version line is malformed");
    }
    // RFC 4253 section 5.1: 1.99 is a server that speaks both.
    if (Number(major) !== 2 && !(Number(major) === 1 && Number(minor) === 99)) {
      throw new ConnectError("protocol-version", `The server speaks SSH ${major}.${minor}, not SSH 2`);
    }
    this.#raw = Buffer.from(raw);
    this.#version = version;
    return true;
  }
}
