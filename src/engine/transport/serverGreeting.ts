/** What a server says in clear before keys are exchanged: its version line and its algorithms (RFC 4253 section 4, 7). */

/** Name lists of SSH_MSG_KEXINIT, in the server's order. */
export interface ServerOffer {
  readonly kex: readonly string[];
  readonly serverHostKey: readonly string[];
  readonly cipher: readonly string[];
  readonly hmac: readonly string[];
  readonly compress: readonly string[];
}

/** RFC 4253 section 6.1: no peer must take a longer packet; a KEXINIT has about 1 KB. */
const longest = 64 * 1024;

/** Other protocols that speak first, or answer at once, and would let us wait for a version line for ever. */
const otherProtocol = /^(HTTP\/|220[ -]|\* OK|\+OK|RFB |\u0015\u0003)/;

/** Reads along at the beginning of a connection. */
export class ServerGreeting {
  #text = "";
  #bytes: Buffer | undefined = Buffer.alloc(0);
  #version: string | undefined;
  #offer: ServerOffer | undefined;
  #packetAt = 0;

  /** `OpenSSH_9.2p1 Debian-2`: the version line without `SSH-2.0-`; undefined before it came. Untrusted. */
  get version(): string | undefined {
    return this.#version;
  }

  get offer(): ServerOffer | undefined {
    return this.#offer;
  }

  /** What came before a version line, or instead of one. Untrusted. */
  get text(): string {
    return this.#text;
  }

  /** Something other than SSH answers. */
  get isOtherProtocol(): boolean {
    return this.#version === undefined && otherProtocol.test(this.#text);
  }

  add(data: Uint8Array): void {
    if (this.#bytes === undefined) {
      return;
    }
    this.#bytes = Buffer.concat([this.#bytes, data]);
    this.#read(this.#bytes);
    if (this.#offer !== undefined || this.#bytes.length > longest) {
      this.#bytes = undefined;
    }
  }

  #read(bytes: Buffer): void {
    if (this.#version === undefined) {
      this.#text = bytes.toString("latin1");
      const line = /^SSH-[\d.]+-([^\r\n]*)\r?\n/m.exec(this.#text);
      if (line === null) {
        return;
      }
      this.#version = line[1] ?? "";
      this.#text = this.#text.slice(0, line.index);
      this.#packetAt = line.index + line[0].length;
    }
    const packet = bytes.subarray(this.#packetAt);
    // packet length, padding length, message number (RFC 4253 section 6)
    if (packet.length >= 6 && packet.length >= 4 + packet.readUInt32BE(0) && packet[5] === 20) {
      this.#offer = readOffer(packet.subarray(22, 4 + packet.readUInt32BE(0)));
    }
  }
}

/** `lists`: from behind the cookie. Both directions are offered alike by all known servers: the first is taken. */
function readOffer(lists: Buffer): ServerOffer {
  let at = 0;
  const next = (): string[] => {
    const length = at + 4 <= lists.length ? lists.readUInt32BE(at) : 0;
    const names = lists.toString("latin1", at + 4, at + 4 + length).split(",");
    at += 4 + length;
    return names;
  };
  const [kex = [], serverHostKey = [], cipher = [], , hmac = [], , compress = []] = Array.from(
    { length: 8 },
    next,
  );
  return { kex, serverHostKey, cipher, hmac, compress };
}
