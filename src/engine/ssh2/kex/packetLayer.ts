import { performance } from "node:perf_hooks";
import { Budget } from "../../../base/budget.ts";
import type { Disposable } from "../../../base/disposable.ts";
import { asError } from "../../../base/errors.ts";
import { guarded } from "../../../base/guarded.ts";
import { JoinedBytes } from "../../../base/joinedBytes.ts";
import { printable } from "../../../base/log.ts";
import { ConnectError } from "../../engineErrors.ts";
import {
  crypto,
  type InCipher,
  messageHandlers,
  type NegotiatedKex,
  type Protocol,
  utils,
} from "../ssh2Protocol.ts";
import { startDelayedCompression } from "./delayedCompression.ts";
import { flawsOf, KeyExchange, startExchange } from "./keyExchange.ts";
import { OutgoingPackets } from "./outgoingPackets.ts";
import type { ConnectionReceiver, PacketLayerHost } from "./packetLayerPorts.ts";
import { RekeyLimit } from "./rekeyLimit.ts";
import { ServerNotices } from "./serverNotices.ts";
import { clientOnly, disconnectCode, isConnection, isLogin, message } from "./transportMessages.ts";
import { UnknownMessages } from "./unknownMessages.ts";

/** Milliseconds of work in one turn of the event loop, before other work runs. */
const slice = 12;

/** Milliseconds that a server may wait before its version line after it has sent something. */
const patience = 10_000;

/** Bytes that are held during the host key prompt or a computation in a thread; then reading stops. */
const heldMark = 256 * 1024;

/** The amount of data that allows the server to start one more key exchange. */
const bytesPerExchange = 16 * 1024;

/**
 * The transport layer (RFC 4253) from the server's first byte on: version line, key exchanges, the generic messages,
 * and bounds on everything that a server may repeat. Messages of the connection protocol go to `connection`, those of
 * the login to the handlers of `protocol`.
 */
export class PacketLayer {
  readonly #protocol: Protocol;
  readonly #connection: ConnectionReceiver;
  readonly #host: PacketLayerHost;
  readonly exchange: KeyExchange;
  readonly #rekeyLimit: RekeyLimit;
  /**
   * Data that arrived during a step of a key exchange, or after the end of a slice. Joined, because a server may send
   * single bytes for as long as the host key prompt is open.
   */
  readonly #held = new JoinedBytes();
  #waiting = false;
  #ended = false;
  #sliceEnd: number | undefined;
  #silence: Disposable | undefined;
  readonly #outgoing: OutgoingPackets;
  readonly #beforeLogin = new Budget(1_000, 20);
  readonly #exchanges = new Budget(64, 4);
  readonly #extInfos = new Budget(4);
  readonly #notices: ServerNotices;
  readonly #unknown = new UnknownMessages();

  /** Takes over reading. Create it before any data has arrived. */
  constructor(protocol: Protocol, connection: ConnectionReceiver, host: PacketLayerHost) {
    this.#protocol = protocol;
    this.#connection = connection;
    this.#host = host;
    this.#outgoing = new OutgoingPackets(protocol, (bytes) => this.#rekeyLimit.count("out", bytes));
    this.#notices = new ServerNotices(host.logger);
    this.exchange = new KeyExchange(protocol, {
      greeting: host.greeting,
      onPayload: (payload) => this.#onPayload(payload),
      completed: (negotiated) => this.#completed(negotiated),
    });
    this.#rekeyLimit = new RekeyLimit(host.rekeyLimit, host.clock, () => this.rekey());
    protocol._parse = (chunk, at, end) => this.#parse(chunk, at, end);
  }

  /** The bytes that wait for the end of a key exchange. */
  get queuedBytes(): number {
    return this.#outgoing.queuedBytes;
  }

  /** A key exchange is running: sent messages wait for its end. */
  get #exchanging(): boolean {
    return this.#protocol._kexinit !== undefined;
  }

  /** Starts a key exchange (RFC 4253 section 9), unless one is running or the login is not over. */
  rekey(): void {
    if (this.#alive && this.#protocol._authenticated && !this.#exchanging) {
      startExchange(this.#protocol);
    }
  }

  /** @param onSent receives the packet's sequence number when it is sent. */
  send(
    length: number,
    fill: (packet: Buffer, at: number) => void,
    onSent?: (sequence: number) => void,
  ): void {
    if (this.#alive) {
      this.#outgoing.send(length, fill, onSent);
    }
  }

  /** The connection has ended. Idempotent. */
  end(): void {
    this.#ended = true;
    this.exchange.end();
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
      // A server of another protocol that speaks first and then waits would make us wait forever.
      this.#silence = this.#host.clock.setTimeout(() => this.#notSsh(), patience);
      return undefined;
    }
    const { version = "", raw = Buffer.alloc(0) } = greeting;
    const software = version.split(" ", 1)[0] ?? "";
    this.#notices.logGreeting(greeting.text);
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

  /** Ciphers call this for each packet: false stops reading the chunk, which `#parse` continues later. */
  #onPayload(payload: Buffer): false | number | undefined {
    const protocol = this.#protocol;
    const { length } = payload; // A listener may free the packet's memory.
    if (!this.#alive) {
      return Number.POSITIVE_INFINITY;
    }
    try {
      if (length === 0) {
        throw new ConnectError("protocol", "A packet without a message");
      }
      const plain = protocol._packetRW.read.read(payload);
      if (this.exchange.isUnderWay && this.exchange.skips()) {
        return undefined;
      }
      this.#exchanges.give(length / bytesPerExchange);
      const stop = this.#dispatch(plain);
      if (stop !== undefined) {
        return stop;
      }
      if (this.#outgoing.isFull) {
        throw new ConnectError(
          "protocol",
          "The server doesn't take up the key exchange, and asks for ever more",
        );
      }
    } catch (error) {
      return this.#fatal(asError(error));
    }
    if (protocol._authenticated) {
      this.#rekeyLimit.count("in", length);
    }
    return this.#endSlice();
  }

  #dispatch(payload: Buffer): false | number | undefined {
    const type = payload[0] ?? 0;
    if (type === message.disconnect) {
      const { code, text } = this.#notices.disconnect(payload);
      this.#tellSsh2("DISCONNECT", code, text);
      return undefined;
    }
    // OpenSSH's PROTOCOL, section 1.10: the first exchange allows no other messages.
    const bare = this.exchange.isFirst && this.#protocol._strictMode === true;
    if (type >= message.ignore && type <= message.debug && !bare) {
      this.#generic(type, payload);
      return undefined;
    }
    if (type >= 20 && type < 50) {
      return this.#onExchange(type, payload);
    }
    if (this.exchange.isUnderWay || this.exchange.isFirst) {
      throw new ConnectError("protocol", `Message ${type} is out of place in a key exchange`);
    }
    return this.#onMessage(type, payload);
  }

  #onMessage(type: number, payload: Buffer): false | number | undefined {
    const protocol = this.#protocol;
    if (type === message.banner) {
      this.#countBeforeLogin();
      const shown = this.#notices.banner(payload, protocol._authenticated);
      if (shown !== undefined) {
        this.#tellSsh2("USERAUTH_BANNER", shown);
      }
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
      startDelayedCompression(protocol);
    }
    return this.#handOn(type, payload);
  }

  #onExchange(type: number, payload: Buffer): false | undefined {
    if (type === 20 && !this.exchange.isFirst && !this.#exchanging && !this.#exchanges.take()) {
      throw new ConnectError("protocol", "The server asks for key exchanges without end");
    }
    if (this.exchange.isFirst || this.#exchanging || type === 20) {
      const otherCipher = this.exchange.receive(payload);
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
    this.#rekeyLimit.restart(negotiated);
    this.#outgoing.sendQueue();
    protocol._onHandshakeComplete(negotiated);
    this.#host.exchanged();
  }

  /** SSH_MSG_IGNORE, DEBUG and UNIMPLEMENTED (RFC 4253 section 11). */
  #generic(type: number, payload: Buffer): void {
    this.#countBeforeLogin();
    if (type === message.unimplemented) {
      const sequence = this.#unknown.named(payload);
      if (sequence !== undefined) {
        this.#host.unimplemented(sequence);
      }
    } else if (type === message.debug) {
      this.#notices.debug(payload);
    }
  }

  #tellSsh2(event: string, ...values: readonly (string | number)[]): void {
    this.#protocol._handlers[event]?.(this.#protocol, ...(values as never[]));
  }

  #countBeforeLogin(): void {
    if (!this.#protocol._authenticated && !this.#beforeLogin.take()) {
      throw new ConnectError("protocol", "The server sends messages without end before the login");
    }
  }

  /** RFC 4253 section 11.4: an unknown message is answered with its sequence number. */
  #refuse(): void {
    const sequence = ((this.#protocol._decipher?.inSeqno ?? 0) - 1) >>> 0;
    const answer = this.#unknown.answer(sequence);
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
    // Only some of ssh2's handlers return a value: where to continue after a fatal error.
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

  /** Returns to the event loop when this connection has used up its slice. */
  #endSlice(): false | undefined {
    if (!this.#alive || this.#waiting || performance.now() < (this.#sliceEnd ?? Number.POSITIVE_INFINITY)) {
      return undefined;
    }
    this.#waiting = true;
    this.#host.hold(true);
    setImmediate(guarded(() => this.#resume()));
    return false;
  }

  /** Copied, because the socket may fill the chunk's buffer again. */
  #hold(chunk: Buffer): void {
    this.#held.push(Buffer.from(chunk));
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
      // Holds the rest again if another step has begun.
      this.#protocol.parse(chunk, 0, chunk.length);
    } catch (error) {
      this.#fatal(asError(error));
    }
  }

  #fatal(error: Error): number {
    const alive = this.#alive;
    this.end();
    return alive
      ? utils.doFatalError(this.#protocol, error, disconnectCode(error))
      : Number.POSITIVE_INFINITY;
  }
}
