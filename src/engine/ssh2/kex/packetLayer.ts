import { performance } from "node:perf_hooks";
import { Budget } from "../../../base/budget.ts";
import type { Clock } from "../../../base/clock.ts";
import type { Disposable } from "../../../base/disposable.ts";
import { asError } from "../../../base/errors.ts";
import { guarded } from "../../../base/guarded.ts";
import { JoinedBytes } from "../../../base/joinedBytes.ts";
import { type Logger, printable } from "../../../base/log.ts";
import { remoteText } from "../../../base/remoteText.ts";
import { WireReader, wireUint32 } from "../../../base/wire.ts";
import { ConnectError } from "../../engineErrors.ts";
import type { ServerGreeting } from "../../transport/serverGreeting.ts";
import {
  crypto,
  type InCipher,
  messageHandlers,
  type NegotiatedKex,
  type Protocol,
  utils,
} from "../ssh2Protocol.ts";
import { flawsOf, KeyExchange, makeReader, makeWriter, startExchange } from "./keyExchange.ts";
import { RekeyLimit, type RekeyLimitSetting } from "./rekeyLimit.ts";

export interface PacketLayerHost {
  readonly logger: Logger;
  readonly clock: Clock;
  readonly greeting: ServerGreeting;
  readonly rekeyLimit: RekeyLimitSetting;
  /** SERVICE_ACCEPT, EXT_INFO, or a message from 50 to 79 but a banner, before the login. Undefined: ssh2 handles it. */
  login?(payload: Buffer): void;
  /** Stops or resumes the reading of the socket. */
  hold(on: boolean): void;
  /** The server doesn't know a message of ours: that with this sequence number (RFC 4253 section 11.4). */
  unimplemented(sequence: number): void;
  /** What was queued during a key exchange has gone out. */
  exchanged(): void;
}

const message = {
  disconnect: 1,
  ignore: 2,
  unimplemented: 3,
  debug: 4,
  serviceAccept: 6,
  extInfo: 7,
  success: 52,
  banner: 53,
} as const;

/** Where messages of the connection protocol go. */
export interface ConnectionReceiver {
  /** A message with a number from 80 to 127, after the login. */
  receive(message: Buffer): void;
  /** One that came before the login. */
  tooEarly(): void;
}

/** Milliseconds of work in one turn of the event loop; then others have their turn. */
const slice = 12;

/** Milliseconds that a server which has said something may wait before its version line. */
const patience = 10_000;

/** Bytes that may come while a person is asked about the host key, or a thread computes; then the socket waits. */
const heldMark = 256 * 1024;

/** Bytes of answers that may wait for the end of a key exchange of ours which the server doesn't take up. */
const queueMark = 4 * 1024 * 1024;

/** Messages that may wait so: they are all encrypted in the turn in which the exchange ends, in about 10 µs each. */
const mostQueued = 2_000;

/** What a message costs while it waits, besides its bytes: a queue of small ones is no small queue. */
const queueOverhead = 128;

/** Data that pays for one key exchange which the server starts. */
const bytesPerExchange = 16 * 1024;

/** Message numbers of the login and of what comes after it (RFC 4250 section 4.1.2). */
const isLogin = (type: number): boolean => type >= 50 && type < 80;
const isConnection = (type: number): boolean => type >= 80 && type < 128;

/** What a client sends and never receives, and numbers without a meaning for ssh2. */
const clientOnly: ReadonlySet<number> = new Set([5, 50, 61]);

/**
 * The transport layer (RFC 4253) from the server's first byte on: version line, key exchanges, the generic messages, and
 * bounds on all that a server may repeat. Messages of the connection protocol go to `connection`, those of the login to the handlers of `protocol`.
 */
export class PacketLayer {
  readonly #protocol: Protocol;
  readonly #connection: ConnectionReceiver;
  readonly #host: PacketLayerHost;
  readonly #exchange: KeyExchange;
  readonly #rekeyLimit: RekeyLimit;
  /**
   * What came while a step of a key exchange was under way, or when a slice was over. Joined: a server may send single
   * bytes for as long as a person thinks about its host key.
   */
  readonly #held = new JoinedBytes();
  #waiting = false;
  #ended = false;
  #sliceEnd: number | undefined;
  #queuedBytes = 0;
  #silence: Disposable | undefined;
  readonly #sent = new WeakMap<Buffer, (sequence: number) => void>();
  readonly #beforeLogin = new Budget(1_000, 20);
  readonly #exchanges = new Budget(64, 4);
  readonly #debugLines = new Budget(40);
  readonly #bannerBytes = new Budget(32 * 1024);
  readonly #bannerLines = new Budget(200);
  readonly #extInfos = new Budget(4);
  readonly #said = new Set<string>();

  /** Takes over the reading. To be made before anything has arrived. */
  constructor(protocol: Protocol, connection: ConnectionReceiver, host: PacketLayerHost) {
    this.#protocol = protocol;
    this.#connection = connection;
    this.#host = host;
    this.#exchange = new KeyExchange(protocol, {
      greeting: host.greeting,
      onPayload: (payload) => this.#onPayload(payload),
      completed: (negotiated) => this.#completed(negotiated),
    });
    this.#rekeyLimit = new RekeyLimit(host.rekeyLimit, host.clock, () => this.rekey());
    protocol._parse = (chunk, at, end) => this.#parse(chunk, at, end);
  }

  /** What waits for the end of a key exchange, in bytes. */
  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  /** A key exchange is under way: what is sent waits for its end. */
  get #exchanging(): boolean {
    return this.#protocol._kexinit !== undefined;
  }

  /** Starts a key exchange (RFC 4253 section 9), unless one is under way, or before the login. */
  rekey(): void {
    if (this.#alive && this.#protocol._authenticated && !this.#exchanging) {
      startExchange(this.#protocol);
    }
  }

  /** @param onSent gets the packet's sequence number when it goes out. */
  send(
    length: number,
    fill: (packet: Buffer, at: number) => void,
    onSent?: (sequence: number) => void,
  ): void {
    const protocol = this.#protocol;
    if (!this.#alive) {
      return;
    }
    const { write } = protocol._packetRW;
    const packet = write.alloc(length);
    fill(packet, write.allocStart);
    if (this.#exchanging) {
      this.#queuedBytes += length + queueOverhead;
      if (onSent !== undefined) {
        this.#sent.set(packet, onSent);
      }
      utils.sendPacket(protocol, packet);
      return;
    }
    onSent?.(protocol._cipher.outSeqno);
    utils.sendPacket(protocol, write.finalize(packet));
    this.#rekeyLimit.count("out", length);
  }

  /** The connection is over. Idempotent. */
  end(): void {
    this.#ended = true;
    this.#exchange.end();
    this.#rekeyLimit.end();
    this.#silence?.dispose();
    this.#held.take();
  }

  get #alive(): boolean {
    return !this.#ended && this.#protocol._destruct !== undefined;
  }

  #parse(chunk: Buffer, at: number, end: number): number | undefined {
    if (!this.#alive) {
      return end;
    }
    if (this.#waiting) {
      this.#hold(chunk.subarray(at, end));
      return end;
    }
    if (this.#sliceEnd === undefined) {
      this.#sliceEnd = performance.now() + slice;
      setImmediate(
        guarded(() => {
          this.#sliceEnd = undefined;
        }),
      );
    }
    const decipher = this.#protocol._decipher;
    return decipher === undefined ? this.#readVersion(chunk, at, end) : decipher.decrypt(chunk, at, end);
  }

  #readVersion(chunk: Buffer, at: number, end: number): number | undefined {
    const { greeting } = this.#host;
    const protocol = this.#protocol;
    let next: number | undefined;
    try {
      next = greeting.read(chunk, at, end);
    } catch (error) {
      return this.#fatal(asError(error));
    }
    this.#silence?.dispose();
    if (next === undefined) {
      // A protocol that speaks first and then waits would have us wait for ever.
      this.#silence = this.#host.clock.setTimeout(() => this.#notSsh(), patience);
      return undefined;
    }
    const { version = "", raw = Buffer.alloc(0) } = greeting;
    const software = version.split(" ", 1)[0] ?? "";
    this.#logText("Before the version line", greeting.text, new Budget(20));
    protocol._remoteIdentRaw = raw;
    protocol._compatFlags = flawsOf(software);
    protocol._decipher = new crypto.NullDecipher(0, (payload) => this.#onPayload(payload)) as InCipher;
    protocol._onHeader({
      greeting: "",
      identRaw: raw.toString("latin1"),
      versions: { protocol: "2.0", software },
    });
    if (this.#alive) {
      startExchange(protocol);
    }
    return next;
  }

  #notSsh(): void {
    const { text } = this.#host.greeting;
    const said = `Not an SSH server: ${printable(text, 200)}`;
    this.#fatal(new ConnectError("not-ssh", said, { serverText: text }));
  }

  /** What a cipher calls for each packet: false ends its reading of the chunk, which then goes on in `#parse`. */
  #onPayload(payload: Buffer): false | number | undefined {
    const protocol = this.#protocol;
    if (!this.#alive) {
      return Number.POSITIVE_INFINITY;
    }
    try {
      if (payload.length === 0) {
        throw new ConnectError("protocol", "A packet without a message");
      }
      const plain = protocol._packetRW.read.read(payload);
      if (this.#exchange.isUnderWay && this.#exchange.skips()) {
        return undefined;
      }
      this.#exchanges.give(payload.length / bytesPerExchange);
      const stop = this.#dispatch(plain);
      if (stop !== undefined) {
        return stop;
      }
      if (this.#queuedBytes > queueMark || (protocol._queue?.length ?? 0) > mostQueued) {
        throw new ConnectError(
          "protocol",
          "The server doesn't take up the key exchange, and asks for ever more",
        );
      }
    } catch (error) {
      return this.#fatal(asError(error));
    }
    if (protocol._authenticated) {
      this.#rekeyLimit.count("in", payload.length);
    }
    return this.#endSlice();
  }

  #dispatch(payload: Buffer): false | number | undefined {
    const type = payload[0] ?? 0;
    if (type === message.disconnect) {
      this.#onDisconnect(payload);
      return undefined;
    }
    // OpenSSH's PROTOCOL, section 1.10: the first exchange has no room for anything else.
    const bare = this.#exchange.isFirst && this.#protocol._strictMode === true;
    if (type >= message.ignore && type <= message.debug && !bare) {
      this.#generic(type, payload);
      return undefined;
    }
    if (type >= 20 && type < 50) {
      return this.#onExchange(type, payload);
    }
    if (this.#exchange.isUnderWay || this.#exchange.isFirst) {
      throw new ConnectError("protocol", `Message ${type} is out of place in a key exchange`);
    }
    return this.#onMessage(type, payload);
  }

  #onMessage(type: number, payload: Buffer): false | number | undefined {
    const protocol = this.#protocol;
    if (type === message.banner) {
      this.#onBanner(payload);
      return undefined;
    }
    if (type === message.extInfo) {
      this.#countBeforeLogin();
      // RFC 8308 section 2.4: at most two.
      return this.#extInfos.take() ? this.#handOn(type, payload) : undefined;
    }
    if (isConnection(type)) {
      if (protocol._authenticated) {
        this.#connection.receive(payload);
      } else {
        this.#connection.tooEarly();
      }
      return undefined;
    }
    const isOurs = this.#host.login !== undefined && isLogin(type);
    if (!isOurs && (messageHandlers[type] === undefined || clientOnly.has(type))) {
      this.#countBeforeLogin();
      this.#refuse();
      return undefined;
    }
    if (protocol._authenticated && (isLogin(type) || type === message.serviceAccept)) {
      throw new ConnectError("protocol", `Message ${type} of the login came after the login`);
    }
    if (type === message.success && protocol._kex !== undefined) {
      protocol._authenticated = true;
      // "zlib@openssh.com" begins here.
      const { negotiated } = protocol._kex;
      const { read, write } = protocol._packetRW;
      if (negotiated.sc.compress === "zlib@openssh.com") {
        protocol._packetRW.read = makeReader(protocol, negotiated);
        read.cleanup();
      }
      if (negotiated.cs.compress === "zlib@openssh.com") {
        protocol._packetRW.write = makeWriter(protocol, negotiated);
        write.cleanup();
      }
    }
    return this.#handOn(type, payload);
  }

  #onExchange(type: number, payload: Buffer): false | undefined {
    if (type === 20 && !this.#exchange.isFirst && !this.#exchanging && !this.#exchanges.take()) {
      throw new ConnectError("protocol", "The server asks for key exchanges without end");
    }
    if (this.#exchange.isFirst || this.#exchanging || type === 20) {
      const otherCipher = this.#exchange.receive(payload);
      if (typeof otherCipher === "boolean") {
        return otherCipher === true ? false : undefined;
      }
      this.#waitFor(otherCipher);
      return false;
    }
    throw new ConnectError("protocol", `Message ${type} belongs to a key exchange, and there is none`);
  }

  #completed(negotiated: NegotiatedKex): void {
    const protocol = this.#protocol;
    const queue = protocol._queue ?? [];
    protocol._queue = undefined;
    this.#queuedBytes = 0;
    this.#rekeyLimit.restart(negotiated);
    for (const payload of queue) {
      const { write } = protocol._packetRW;
      let packet = write.finalize(payload);
      if (packet === payload) {
        packet = protocol._cipher.allocPacket(payload.length);
        packet.set(payload, 5);
      }
      this.#sent.get(payload)?.(protocol._cipher.outSeqno);
      utils.sendPacket(protocol, packet);
    }
    protocol._onHandshakeComplete(negotiated);
    this.#host.exchanged();
  }

  /** SSH_MSG_IGNORE, DEBUG and UNIMPLEMENTED (RFC 4253 section 11). */
  #generic(type: number, payload: Buffer): void {
    this.#countBeforeLogin();
    const reader = new WireReader(payload, 1);
    if (type === message.unimplemented) {
      const sequence = reader.uint32();
      if (sequence !== undefined) {
        this.#host.unimplemented(sequence);
      }
    } else if (type === message.debug) {
      reader.boolean();
      const text = reader.string()?.subarray(0, keptOfDebug).toString("utf8") ?? "";
      if (this.#debugLines.take()) {
        this.#host.logger.debug(`The server's debug message: ${printable(text)}`);
      } else {
        this.#sayOnce("Further debug messages of the server are left out");
      }
    }
  }

  /** RFC 4253 section 11.1. As OpenSSH, without asking for the language tag at its end. */
  #onDisconnect(payload: Buffer): void {
    const reader = new WireReader(payload, 1);
    const [code, description] = [reader.uint32(), reader.string()];
    if (code === undefined || description === undefined) {
      throw new ConnectError("protocol", "The server's goodbye is malformed");
    }
    const text = remoteText(description.subarray(0, keptOfDisconnect), description.length > keptOfDisconnect);
    this.#protocol._handlers["DISCONNECT"]?.(this.#protocol, ...([code, text] as never[]));
  }

  /** RFC 4252 section 5.4: at any time before the login; later ones are of no use. */
  #onBanner(payload: Buffer): void {
    this.#countBeforeLogin();
    if (this.#protocol._authenticated) {
      this.#sayOnce("A banner after the login is left out");
      return;
    }
    const bytes = new WireReader(payload, 1).string();
    if (bytes === undefined) {
      throw new ConnectError("protocol", "The server's banner is malformed");
    }
    if (!this.#bannerBytes.take(bytes.length)) {
      this.#sayOnce("Further banners of the server are left out");
      return;
    }
    const lines = remoteText(bytes).split("\n");
    const shown = lines.filter((line) => line.trim() === "" || this.#bannerLines.take());
    this.#protocol._handlers["USERAUTH_BANNER"]?.(this.#protocol, ...([shown.join("\n")] as never[]));
  }

  #countBeforeLogin(): void {
    if (!this.#protocol._authenticated && !this.#beforeLogin.take()) {
      throw new ConnectError("protocol", "The server sends messages without end before the login");
    }
  }

  /** RFC 4253 section 11.4: an unknown message is answered with its sequence number. */
  #refuse(): void {
    const sequence = ((this.#protocol._decipher?.inSeqno ?? 0) - 1) >>> 0;
    const answer = Buffer.concat([Buffer.of(message.unimplemented), wireUint32(sequence)]);
    this.send(answer.length, (packet, at) => packet.set(answer, at));
  }

  #handOn(type: number, payload: Buffer): number | undefined {
    if (
      this.#host.login !== undefined &&
      (type === message.serviceAccept || type === message.extInfo || isLogin(type))
    ) {
      this.#host.login(payload);
      return undefined;
    }
    // Only some of ssh2's handlers return something: where to go on after a fatal error.
    const result = messageHandlers[type]?.(this.#protocol, payload);
    return typeof result === "number" ? result : undefined;
  }

  #waitFor(step: Promise<unknown>): void {
    this.#waiting = true;
    step.then(
      () => this.#resume(),
      (error: unknown) => this.#fatal(asError(error)),
    );
  }

  /** Gives the event loop back when this connection has used up its part of the turn. */
  #endSlice(): false | undefined {
    if (!this.#alive || this.#waiting || performance.now() < (this.#sliceEnd ?? Number.POSITIVE_INFINITY)) {
      return undefined;
    }
    this.#waiting = true;
    this.#host.hold(true);
    setImmediate(guarded(() => this.#resume()));
    return false;
  }

  #hold(chunk: Buffer): void {
    this.#held.push(chunk);
    if (this.#held.length > heldMark) {
      this.#host.hold(true);
    }
  }

  #resume(): void {
    this.#waiting = false;
    const chunk = this.#held.take();
    this.#host.hold(false);
    if (!this.#alive || chunk.length === 0) {
      return;
    }
    try {
      // Holds the rest again where another step begins meanwhile.
      this.#protocol.parse(chunk, 0, chunk.length);
    } catch (error) {
      this.#fatal(asError(error));
    }
  }

  #fatal(error: Error): number {
    const alive = this.#alive;
    this.end();
    return alive ? utils.doFatalError(this.#protocol, error, codeOf(error)) : Number.POSITIVE_INFINITY;
  }

  #logText(what: string, text: string, lines: Budget): void {
    for (const line of text.split(/\r?\n/).filter((part) => part.trim() !== "")) {
      if (!lines.take()) {
        return;
      }
      this.#host.logger.info(`${what}: ${printable(line)}`);
    }
  }

  #sayOnce(text: string): void {
    if (!this.#said.has(text)) {
      this.#said.add(text);
      this.#host.logger.info(text);
    }
  }
}

/** Bytes of a message's text that are kept. */
const keptOfDebug = 1_000;
const keptOfDisconnect = 4_000;

/** RFC 4253 section 11.1: KEY_EXCHANGE_FAILED, PROTOCOL_VERSION_NOT_SUPPORTED, else PROTOCOL_ERROR. */
function codeOf(error: Error): number {
  const reason = ConnectError.is(error) ? error.reason : undefined;
  return reason === "no-common-algorithm" ? 3 : reason === "protocol-version" ? 8 : 2;
}
