import { createECDH, createHash, createSecretKey, randomBytes } from "node:crypto";
import { asError } from "../base/errors.ts";
import { WireReader, wireBoolean, wireMpint, wireString, wireUint32 } from "../base/wire.ts";
import { GcmCipher } from "../engine/ssh2/kex/gcmCipher.ts";
import { answerMlKem } from "../engine/ssh2/kex/mlKem.ts";
import { GatewayError } from "./gatewayError.ts";
import { derivedKey, type GatewayKey, gatewayKeyType, nextListHas } from "./gatewayKey.ts";
import { GcmPackets } from "./gcmPackets.ts";

/** Post-quantum: OpenSSH warns about others from 10.1 on. */
const hybridKex = "mlkem768x25519-sha256";
const plainKex = "ecdh-sha2-nistp256";

/** The only algorithms. Every OpenSSH has those of our block of ssh_config, and one of the key exchanges. */
export const gatewayAlgorithms = {
  kex: [hybridKex, plainKex] as readonly string[],
  hostKey: gatewayKeyType,
  cipher: "aes128-gcm@openssh.com",
} as const;

/** OpenSSH's client sends some messages, as `eow@openssh.com`, only to a server with this start of its version. */
const version = "SSH-2.0-OpenSSH_gateway";

/** RFC 4250 section 4.1.2. */
const message = {
  disconnect: 1,
  ignore: 2,
  unimplemented: 3,
  debug: 4,
  serviceRequest: 5,
  serviceAccept: 6,
  extInfo: 7,
  kexInit: 20,
  newKeys: 21,
  ecdhInit: 30,
  ecdhReply: 31,
  authRequest: 50,
  authFailure: 51,
  authSuccess: 52,
  firstOfConnection: 80,
} as const;

export interface ServerTransportInit {
  readonly key: GatewayKey;
  /** The login name of our connection: another one is refused. */
  readonly user: string;
  write(data: Uint8Array): void;
  /** The client is logged in. */
  ready(): void;
  /** A message of RFC 4254. */
  received(message: Buffer): void;
  /** Nothing more is accepted. Called once. @param error undefined: the client has disconnected */
  ended(error: GatewayError | undefined): void;
}

/** What waits for the client's NEWKEYS. */
interface NextKeys {
  readonly key: Buffer;
  readonly iv: Buffer;
}

/**
 * The server's side of the transport layer and of the login (RFC 4253, RFC 4252), for clients that our block of
 * ssh_config sends here. The socket's folder and mode keep other users out, so the method `none` is enough.
 */
export class ServerTransport {
  readonly #init: ServerTransportInit;
  readonly #packets = new GcmPackets();
  #clientVersion: string | undefined;
  #cipher: GcmCipher | undefined;
  /** Our KEXINIT of the running exchange. Other messages are held until its end (RFC 4253 section 7.1). */
  #ourInit: Buffer | undefined;
  #theirInit: Buffer | undefined;
  #method: string | undefined;
  /** The client's value of the key exchange has come. */
  #isAgreeing = false;
  #nextKeys: NextKeys | undefined;
  #sessionId: Buffer | undefined;
  #held: Buffer[] = [];
  #isLoggedIn = false;
  #received = 0;
  #ended = false;

  constructor(init: ServerTransportInit) {
    this.#init = init;
    init.write(Buffer.from(`${version}\r\n`));
    this.#startExchange();
  }

  /** Messages are held now. */
  get isExchanging(): boolean {
    return this.#ourInit !== undefined;
  }

  receive(chunk: Buffer): void {
    this.#packets.push(chunk);
    try {
      this.#clientVersion ??= this.#packets.line();
      while (this.#clientVersion !== undefined && !this.#ended) {
        const payload = this.#packets.next();
        if (payload === undefined) {
          return;
        }
        this.#received++;
        this.#take(payload);
      }
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Sends a message of RFC 4254. */
  send(...parts: readonly Uint8Array[]): void {
    if (this.#ended) {
      return;
    }
    if (this.isExchanging) {
      this.#held.push(Buffer.concat(parts));
    } else {
      this.#write(...parts);
    }
  }

  /** Sends SSH_MSG_DISCONNECT. Idempotent. */
  end(text: string): void {
    if (!this.#ended) {
      const byApplication = 11;
      this.#write(Buffer.of(message.disconnect), wireUint32(byApplication), wireString(text), wireString(""));
      this.#end(undefined);
    }
  }

  #fail(error: unknown): void {
    const cause = asError(error);
    this.#end(GatewayError.is(cause) ? cause : new GatewayError("violation", cause.message, { cause }));
  }

  #end(error: GatewayError | undefined): void {
    if (!this.#ended) {
      this.#ended = true;
      this.#held = [];
      this.#cipher?.free();
      this.#init.ended(error);
    }
  }

  #take(payload: Buffer): void {
    const type = payload[0] ?? 0;
    switch (type) {
      case message.disconnect:
        this.#end(undefined);
        return;
      case message.ignore:
      case message.unimplemented:
      case message.debug:
      case message.extInfo:
        return;
      case message.kexInit:
        this.#onInit(payload);
        return;
      case message.ecdhInit:
        this.#onAgreement(payload);
        return;
      case message.newKeys:
        this.#onNewKeys();
        return;
      default:
        break;
    }
    if (this.#theirInit !== undefined || this.#sessionId === undefined) {
      throw new GatewayError("violation", `Message ${type} is out of place in a key exchange`);
    }
    if (type === message.serviceRequest) {
      this.#onService(payload);
    } else if (type === message.authRequest) {
      this.#onLogin(payload);
    } else if (type >= message.firstOfConnection && this.#isLoggedIn) {
      this.#init.received(payload);
    } else {
      this.send(Buffer.of(message.unimplemented), wireUint32((this.#received - 1) >>> 0));
    }
  }

  #startExchange(): void {
    const { kex, hostKey, cipher } = gatewayAlgorithms;
    const lists = [kex.join(","), hostKey, cipher, cipher, mac, mac, "none", "none", "", ""];
    const init = Buffer.concat([
      Buffer.of(message.kexInit),
      randomBytes(16),
      ...lists.map((list) => wireString(list)),
      wireBoolean(false),
      wireUint32(0),
    ]);
    this.#write(init);
    this.#ourInit = init;
  }

  #onInit(payload: Buffer): void {
    if (this.#theirInit !== undefined || this.#nextKeys !== undefined) {
      throw new GatewayError("violation", "KEXINIT came twice");
    }
    const reader = new WireReader(payload, 17);
    const { kex, hostKey, cipher } = gatewayAlgorithms;
    const methods = reader.nameList() ?? [];
    // RFC 4253 section 7.1: the client's first choice that the server has.
    this.#method = methods.find((name) => kex.includes(name));
    const fits = [hostKey, cipher, cipher].map((name) => nextListHas(reader, name));
    // The MACs are not used with AES-GCM (RFC 5647 section 5.1).
    const macs = [reader.nameList(), reader.nameList()];
    fits.push(nextListHas(reader, "none"), nextListHas(reader, "none"));
    const languages = [reader.nameList(), reader.nameList()];
    const guesses = reader.boolean();
    if (
      this.#method === undefined ||
      fits.includes(false) ||
      macs.includes(undefined) ||
      languages.includes(undefined) ||
      guesses !== false
    ) {
      throw new GatewayError("violation", "The client offers other algorithms than our block of ssh_config");
    }
    if (this.#ourInit === undefined) {
      this.#startExchange();
    }
    this.#theirInit = Buffer.from(payload);
  }

  #onAgreement(payload: Buffer): void {
    if (this.#ourInit === undefined || this.#theirInit === undefined || this.#isAgreeing) {
      throw new GatewayError("violation", "A key exchange message is out of place");
    }
    this.#isAgreeing = true;
    const value = Buffer.from(new WireReader(payload, 1).string() ?? "");
    if (this.#method === plainKex) {
      this.#agreed(value, answerEcdh(value));
    } else {
      answerMlKem(value)
        .then(
          ({ reply, secret }) => this.#ended || this.#agreed(value, { reply, secret: wireString(secret) }),
        )
        .catch((error: unknown) => this.#fail(error));
    }
  }

  /** @param answer our value, and K as it is hashed */
  #agreed(value: Buffer, { reply: ours, secret }: { readonly reply: Buffer; readonly secret: Buffer }): void {
    const { key } = this.#init;
    const hash = createHash("sha256");
    const [theirInit, ourInit] = [this.#theirInit ?? "", this.#ourInit ?? ""];
    for (const field of [this.#clientVersion ?? "", version, theirInit, ourInit, key.blob, value, ours]) {
      hash.update(wireString(field));
    }
    const exchangeHash = hash.update(secret).digest();
    this.#sessionId ??= exchangeHash;
    const reply = [key.blob, ours, key.sign(exchangeHash)].map(wireString);
    this.#write(Buffer.of(message.ecdhReply), ...reply);
    this.#write(Buffer.of(message.newKeys));
    const shared = { secret, exchangeHash, sessionId: this.#sessionId };
    const [ivLength, keyLength] = [12, 16];
    this.#cipher?.free();
    this.#cipher = new GcmCipher({
      name: "aes-128-gcm",
      iv: derivedKey(shared, "B", ivLength),
      key: createSecretKey(derivedKey(shared, "D", keyLength)),
      sequence: 0,
      onWrite: (data) => this.#init.write(data),
    });
    this.#nextKeys = { iv: derivedKey(shared, "A", ivLength), key: derivedKey(shared, "C", keyLength) };
  }

  #onNewKeys(): void {
    if (this.#nextKeys === undefined) {
      throw new GatewayError("violation", "NEWKEYS is out of place");
    }
    const { iv, key } = this.#nextKeys;
    this.#packets.use({ iv, key: createSecretKey(key) });
    this.#nextKeys = undefined;
    this.#isAgreeing = false;
    this.#theirInit = undefined;
    this.#ourInit = undefined;
    const held = this.#held;
    this.#held = [];
    for (const each of held) {
      this.#write(each);
    }
  }

  #onService(payload: Buffer): void {
    const name = new WireReader(payload, 1).text();
    if (name !== "ssh-userauth") {
      throw new GatewayError("violation", "The client asks for another service");
    }
    this.send(Buffer.of(message.serviceAccept), wireString(name));
  }

  #onLogin(payload: Buffer): void {
    if (this.#isLoggedIn) {
      // RFC 4252 section 5.1.
      return;
    }
    const reader = new WireReader(payload, 1);
    const [user, service, method] = [reader.text(), reader.text(), reader.text()];
    if (service !== "ssh-connection" || method === undefined) {
      throw new GatewayError("violation", "A login request is malformed");
    }
    if (user !== this.#init.user || method !== "none") {
      this.send(Buffer.of(message.authFailure), wireString("none"), wireBoolean(false));
      return;
    }
    this.#isLoggedIn = true;
    this.send(Buffer.of(message.authSuccess));
    this.#init.ready();
  }

  #write(...parts: readonly Uint8Array[]): void {
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    const cipher = this.#cipher;
    const packet = cipher?.allocPacket(length) ?? plainPacket(length);
    let at = 5;
    for (const part of parts) {
      packet.set(part, at);
      at += part.length;
    }
    if (cipher === undefined) {
      this.#init.write(packet);
    } else {
      cipher.encrypt(packet);
    }
  }
}

/** In the lists, and not used: AES-GCM authenticates on its own. */
const mac = "hmac-sha2-256";

/** RFC 5656 section 4. */
function answerEcdh(point: Buffer): { readonly reply: Buffer; readonly secret: Buffer } {
  // RFC 5656 section 3.1: the uncompressed form. OpenSSL checks that the point is on the curve.
  if (point[0] !== 4) {
    throw new GatewayError("violation", "The client's public key is malformed");
  }
  const pair = createECDH("prime256v1");
  const reply = pair.generateKeys();
  return { reply, secret: wireMpint(pair.computeSecret(point)) };
}

/** RFC 4253 section 6, before the first keys. */
function plainPacket(length: number): Buffer {
  const [head, block, least] = [5, 8, 4];
  const short = (head + length + least) % block;
  const padding = least + (short === 0 ? 0 : block - short);
  const packet = Buffer.alloc(head + length + padding);
  packet.writeUInt32BE(1 + length + padding);
  packet[4] = padding;
  return packet;
}
