import {
  createHash,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
} from "node:crypto";
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { type Duplex, duplexPair } from "node:stream";
import {
  bool,
  type Compressor,
  mpint,
  msg,
  PacketOpener,
  PacketSealer,
  readString,
  str,
  u32,
} from "./hostilePackets.ts";
import { asAttacker } from "./longestBlock.ts";

/**
 * The server's side of SSH, written for tests: it can send any bytes and any message in any phase. It supports
 * curve25519-sha256, group exchange with a group chosen by the test, aes128-gcm and ed25519, and nothing else.
 */
export interface HostileOptions {
  /** The version line that it sends, without CR LF. */
  readonly version?: string;
  /** Offered key exchange methods; `kex-strict-s-v00@openssh.com` is added unless `strict` is false. */
  readonly kex?: readonly string[];
  readonly strict?: boolean;
  readonly compress?: "none" | "zlib@openssh.com";
  /** For group exchange: the reply to SSH_MSG_KEX_DH_GEX_REQUEST. */
  readonly group?: { readonly prime: Uint8Array; readonly generator: Uint8Array };
  /** The server's number of a group exchange. */
  readonly publicNumber?: Uint8Array;
  /** Signs with another key than the one that it sends. */
  readonly wrongSignature?: boolean;
  readonly hostKey?: KeyObject;
  /** Computes the shared secret of a method that this file doesn't know: from C_INIT to S_REPLY and K. */
  readonly methods?: Readonly<Record<string, (init: Buffer) => { reply: Buffer; secret: Buffer }>>;
  /** Answers the client's KEXINIT on its own, at any time. Default true. */
  readonly exchanges?: boolean;
}

const defaultKex = ["curve25519-sha256"];
const x25519Prefix = Buffer.from("302a300506032b656e032100", "hex");

export class HostilePeer {
  readonly stream: Duplex;
  readonly #options: HostileOptions;
  readonly #sealer = new PacketSealer();
  readonly #opener = new PacketOpener();
  readonly #version: string;
  /** Received messages that were not requested yet. */
  readonly #messages: Buffer[] = [];
  readonly #waiting: ((message: Buffer | undefined) => void)[] = [];
  readonly #exchanged: (() => void)[] = [];
  #clientVersion: string | undefined;
  #text: Buffer = Buffer.alloc(0);
  #ownInit: Buffer | undefined;
  #clientInit: Buffer | undefined;
  #method = "";
  #gexRequest: Buffer = Buffer.alloc(12);
  #secrets: { readonly hash: Buffer; readonly secret: Buffer } | undefined;
  #sessionId: Buffer | undefined;
  #compressor: Compressor | undefined;
  readonly #sequences = new WeakMap<Buffer, number>();
  #ended = false;
  #announced = false;
  /** Messages received, by number, including those of key exchanges. */
  readonly counts = new Map<number, number>();
  /** Called for each message before it is queued; true: it is not queued. */
  onMessage: ((message: Buffer) => boolean) | undefined;
  exchanges = 0;
  /** A later key exchange may use another one. */
  hostKey: KeyObject;
  /** Resolves when the client has disconnected. */
  readonly gone: Promise<void>;
  /** Whether it takes part in key exchanges; otherwise their messages are queued like others. */
  exchangesByItself: boolean;

  constructor(stream: Duplex, options: HostileOptions = {}) {
    this.stream = stream;
    this.#options = options;
    this.exchangesByItself = options.exchanges !== false;
    this.#version = options.version ?? "SSH-2.0-hostile_1.0";
    this.hostKey = options.hostKey ?? generateKeyPairSync("ed25519").privateKey;
    this.gone = new Promise((resolve) => stream.once("close", resolve));
    stream.on("data", (data: Buffer) => this.#onData(data));
    stream.on("error", () => this.#end());
    stream.on("end", () => this.#end());
    stream.on("close", () => this.#end());
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Sequence number of the next message to send. */
  get sequence(): number {
    return this.#sealer.sequence;
  }

  /** Sequence number of a received message. */
  sequenceOf(message: Buffer | undefined): number {
    return (message === undefined ? undefined : this.#sequences.get(message)) ?? Number.NaN;
  }

  /** The public key as sent to the client. */
  get hostKeyBlob(): Buffer {
    const raw = createPublicKey(this.hostKey).export({ type: "spki", format: "der" }).subarray(-32);
    return Buffer.concat([str("ssh-ed25519"), str(raw)]);
  }

  /** Sends raw bytes. */
  raw(bytes: Uint8Array | string): boolean {
    return !this.#ended && this.stream.write(bytes);
  }

  /** Sends one message in a packet, encrypted if keys are in use. */
  send(payload: Uint8Array): boolean {
    return this.raw(this.seal(payload));
  }

  /** Like `send`, but returns the packet, so that many can be sent in one write. */
  seal(payload: Uint8Array): Buffer {
    return asAttacker(() => this.#sealer.seal(this.#compressor?.compress(payload) ?? payload));
  }

  sendVersion(): void {
    if (this.#announced) {
      return;
    }
    this.#announced = true;
    this.raw(`${this.#version}\r\n`);
  }

  /** From here on payloads are compressed; call it after SSH_MSG_USERAUTH_SUCCESS. */
  compressWith(compressor: Compressor): void {
    this.#compressor = compressor;
  }

  /** Sends SSH_MSG_KEXINIT, unless an exchange is in progress. */
  sendKexInit(): void {
    if (this.#ownInit === undefined) {
      this.#ownInit = this.kexInit();
      this.send(this.#ownInit);
    }
  }

  /** The test has sent the version line itself. */
  versionSent(): void {
    this.#announced = true;
  }

  /** Our KEXINIT in its packet, for a test that sends it and the version line itself. */
  prepareKexInit(): Buffer {
    this.#announced = true;
    this.#ownInit = this.kexInit();
    return this.seal(this.#ownInit);
  }

  /** Sends raw bytes in a packet, whether or not payloads are compressed. */
  sendUncompressed(payload: Uint8Array): boolean {
    return this.raw(this.#sealer.seal(payload));
  }

  /** The version line and a KEXINIT made by the test. */
  announce(kexInit: Buffer): void {
    this.sendVersion();
    this.#ownInit = kexInit;
    this.send(kexInit);
  }

  kexInit(): Buffer {
    const { kex = defaultKex, strict = true, compress = "none" } = this.#options;
    const lists = [
      [...kex, ...(strict ? ["kex-strict-s-v00@openssh.com"] : [])],
      ["ssh-ed25519"],
      ["aes128-gcm@openssh.com"],
      ["aes128-gcm@openssh.com"],
      ["hmac-sha2-256"],
      ["hmac-sha2-256"],
      // Only what this side sends.
      ["none"],
      [compress],
      [],
      [],
    ];
    return msg(20, randomBytes(16), ...lists.map((names) => str(names.join(","))), bool(false), u32(0));
  }

  /** Starts a key exchange, or joins the client's, and waits until it is complete. */
  async exchange(): Promise<void> {
    const done = new Promise<void>((resolve) => this.#exchanged.push(resolve));
    this.sendKexInit();
    await done;
  }

  /** Joins the exchange of a KEXINIT that was queued while `exchangesByItself` was false. */
  async takeUp(clientInit: Buffer): Promise<void> {
    this.exchangesByItself = true;
    const done = new Promise<void>((resolve) => this.#exchanged.push(resolve));
    this.#onExchange(20, clientInit);
    await done;
  }

  /** The next message that is not part of a key exchange; undefined if the client has disconnected. */
  next(): Promise<Buffer | undefined> {
    const message = this.#messages.shift();
    if (message !== undefined || this.#ended) {
      return Promise.resolve(message);
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** The next message with that number; those before it are dropped. */
  async nextOf(number: number): Promise<Buffer | undefined> {
    for (;;) {
      const message = await this.next();
      if (message === undefined || message[0] === number) {
        return message;
      }
    }
  }

  /** Version line and first key exchange. */
  async start(): Promise<void> {
    this.sendVersion();
    await this.exchange();
  }

  /** `start`, then grants `ssh-userauth` (RFC 4253 section 10). */
  async startLogin(): Promise<void> {
    await this.start();
    await this.nextOf(5);
    this.send(msg(6, str("ssh-userauth")));
  }

  /** The whole login: accepts the client's first request. */
  async letIn(): Promise<void> {
    await this.startLogin();
    await this.nextOf(50);
    this.send(msg(52));
  }

  end(): void {
    this.stream.end();
  }

  destroy(): void {
    this.stream.destroy();
    this.#end();
  }

  #end(): void {
    this.#ended = true;
    for (const resolve of this.#waiting.splice(0)) {
      resolve(undefined);
    }
    for (const resolve of this.#exchanged.splice(0)) {
      resolve();
    }
  }

  #onData(data: Buffer): void {
    if (this.#clientVersion === undefined) {
      this.#text = Buffer.concat([this.#text, data]);
      const end = this.#text.indexOf("\r\n");
      if (end < 0) {
        return;
      }
      this.#clientVersion = this.#text.toString("latin1", 0, end);
      this.#opener.add(this.#text.subarray(end + 2));
    } else {
      this.#opener.add(data);
    }
    // Handling the messages may write, and a stream in memory passes that to the client at once: only the decryption
    // is certainly the server's own work.
    const next = (): Buffer | undefined => asAttacker(() => this.#opener.next());
    for (let message = next(); message !== undefined; message = next()) {
      this.#onMessage(message);
    }
  }

  #onMessage(message: Buffer): void {
    const number = message[0] ?? 0;
    this.#sequences.set(message, this.#opener.sequence - 1);
    this.counts.set(number, (this.counts.get(number) ?? 0) + 1);
    if (this.onMessage?.(message) === true) {
      return;
    }
    if (number >= 20 && number <= 49 && this.exchangesByItself) {
      this.#onExchange(number, message);
      return;
    }
    const waiting = this.#waiting.shift();
    if (waiting === undefined) {
      this.#messages.push(message);
    } else {
      waiting(message);
    }
  }

  #onExchange(number: number, message: Buffer): void {
    switch (number) {
      case 20: {
        this.#clientInit = message;
        this.sendKexInit();
        const wanted = readString(message, 17).value.toString("latin1").split(",");
        const offered = this.#options.kex ?? defaultKex;
        this.#method = wanted.find((name) => offered.includes(name)) ?? "";
        break;
      }
      case 34: {
        this.#gexRequest = message.subarray(1);
        const { prime = Buffer.alloc(0), generator = Buffer.of(2) } = this.#options.group ?? {};
        this.send(msg(31, mpint(prime), mpint(generator)));
        break;
      }
      case 30:
        this.#reply(31, this.#agree(readString(message, 1).value));
        break;
      case 32:
        this.#reply(33, this.#agreeInGroup(readString(message, 1).value));
        break;
      case 21:
        this.#onNewKeys();
        break;
      default:
        break;
    }
  }

  #agree(init: Buffer): { readonly fields: Buffer; readonly reply: Buffer; readonly secret: Buffer } {
    const method = this.#options.methods?.[this.#method];
    if (method !== undefined) {
      const { reply, secret } = method(init);
      return { fields: Buffer.concat([str(init), str(reply)]), reply: str(reply), secret };
    }
    const own = generateKeyPairSync("x25519");
    const key = createPublicKey({
      key: Buffer.concat([x25519Prefix, init]),
      type: "spki",
      format: "der",
    });
    const reply = own.publicKey.export({ type: "spki", format: "der" }).subarray(-32);
    const secret = mpint(diffieHellman({ privateKey: own.privateKey, publicKey: key }));
    return { fields: Buffer.concat([str(init), str(reply)]), reply: str(reply), secret };
  }

  /** Our secret number is 1, so that the shared secret is the client's public number: the server computes nothing. */
  #agreeInGroup(init: Buffer): { readonly fields: Buffer; readonly reply: Buffer; readonly secret: Buffer } {
    const { prime = Buffer.alloc(0), generator = Buffer.of(2) } = this.#options.group ?? {};
    const reply = mpint(this.#options.publicNumber ?? generator);
    return {
      fields: Buffer.concat([this.#gexRequest, mpint(prime), mpint(generator), mpint(init), reply]),
      reply,
      secret: mpint(init),
    };
  }

  #reply(
    number: number,
    agreed: { readonly fields: Buffer; readonly reply: Buffer; readonly secret: Buffer },
  ): void {
    const hash = createHash("sha256")
      .update(str(this.#clientVersion ?? ""))
      .update(str(this.#version))
      .update(str(this.#clientInit ?? ""))
      .update(str(this.#ownInit ?? ""))
      .update(str(this.hostKeyBlob))
      .update(agreed.fields)
      .update(agreed.secret)
      .digest();
    this.#secrets = { hash, secret: agreed.secret };
    this.#sessionId ??= hash;
    const key = this.#options.wrongSignature ? generateKeyPairSync("ed25519").privateKey : this.hostKey;
    const signature = Buffer.concat([str("ssh-ed25519"), str(sign(null, hash, key))]);
    this.send(msg(number, str(this.hostKeyBlob), agreed.reply, str(signature)));
    this.send(msg(21));
    if (this.#strict) {
      this.#sealer.sequence = 0;
    }
    this.#sealer.use(this.#keys("B", "D"));
  }

  #onNewKeys(): void {
    if (this.#strict) {
      this.#opener.sequence = 0;
    }
    this.#opener.use(this.#keys("A", "C"));
    this.#ownInit = undefined;
    this.#clientInit = undefined;
    this.exchanges++;
    for (const resolve of this.#exchanged.splice(0)) {
      resolve();
    }
  }

  get #strict(): boolean {
    return this.#options.strict !== false;
  }

  /** RFC 4253 section 7.2. */
  #keys(ivLetter: string, keyLetter: string): { key: Buffer; iv: Buffer } {
    const { hash, secret } = this.#secrets ?? { hash: Buffer.alloc(0), secret: Buffer.alloc(0) };
    const derive = (letter: string): Buffer =>
      createHash("sha256")
        .update(secret)
        .update(hash)
        .update(letter)
        .update(this.#sessionId ?? hash)
        .digest();
    return { iv: derive(ivLetter).subarray(0, 12), key: derive(keyLetter).subarray(0, 16) };
  }
}

export interface HostileListener {
  readonly port: number;
  readonly peers: readonly HostilePeer[];
  close(): void;
}

/** Listens on loopback. `serve` gets each client; its failure is ignored once the client has disconnected. */
export async function listenHostile(
  serve: (peer: HostilePeer) => void | Promise<void>,
  options: HostileOptions = {},
): Promise<HostileListener> {
  const sockets = new Set<Socket>();
  const peers: HostilePeer[] = [];
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    const peer = new HostilePeer(socket, options);
    peers.push(peer);
    void (async () => serve(peer))().catch(() => peer.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    peers,
    close() {
      server.close();
      for (const socket of sockets) {
        socket.destroy();
      }
    },
  };
}

/** A hostile peer at the other end of a stream in memory, which the client uses as its transport. */
export function hostilePair(options: HostileOptions = {}): {
  readonly peer: HostilePeer;
  readonly transport: Duplex;
} {
  const [near, far] = duplexPair();
  // Destroying one end of a pair does not affect the other end; with a socket it would.
  near.on("close", () => far.destroy());
  far.on("close", () => near.destroy());
  return { peer: new HostilePeer(far, options), transport: near };
}
