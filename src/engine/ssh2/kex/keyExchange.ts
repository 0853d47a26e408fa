import { createHash } from "node:crypto";
import type { SessionBinding } from "../../../auth/authPorts.ts";
import { wireString } from "../../../base/wire.ts";
import { ConnectError } from "../../engineErrors.ts";
import type { ServerGreeting } from "../../transport/serverGreeting.ts";
import {
  constants,
  crypto,
  kex,
  type NegotiatedKex,
  type PacketReader,
  type PayloadHandler,
  type Protocol,
  zlib,
} from "../ssh2Protocol.ts";
import { verifyHostKeySignature } from "./hostKeySignature.ts";
import { type Agreed, type AgreementStep, type KeyAgreement, unexpected } from "./keyAgreement.ts";
import { makeAgreement } from "./methods.ts";
import { isWrongGuess, negotiate, readKexInit, serverOffer } from "./negotiation.ts";
import { type ExchangeResult, incomingCipher, outgoingCipher } from "./sessionKeys.ts";

/** The longest decompressed message: OpenSSH's PACKET_MAX_SIZE. */
const longestMessage = 256 * 1024;

/** The largest group for software that supports no larger one (BUG_DHGEX_LARGE in ssh2's COMPAT flags). */
const flawedGroupBits = 4096;
const largeGroupFlaw = 8;

const message = { keyInit: 20, newKeys: 21 } as const;

type State =
  | { readonly kind: "idle" }
  /** Both KEXINITs were sent; the method runs. */
  | {
      readonly kind: "agreeing";
      readonly theirs: Buffer;
      readonly negotiated: NegotiatedKex;
      readonly agreement: KeyAgreement;
    }
  /** Our NEWKEYS was sent; the server's is still to come. */
  | { readonly kind: "switching"; readonly negotiated: NegotiatedKex; readonly result: ExchangeResult };

export interface ExchangeHost {
  readonly greeting: ServerGreeting;
  /** Called by the ciphers that the exchange creates. */
  readonly onPayload: PayloadHandler;
  /** Both directions have new keys: queued messages may be sent. */
  completed(negotiated: NegotiatedKex): void;
}

/** All key exchanges of one connection, on the client's side (RFC 4253 sections 7 and 8). */
export class KeyExchange {
  readonly #protocol: Protocol;
  readonly #host: ExchangeHost;
  #state: State = { kind: "idle" };
  #sessionId: Buffer | undefined;
  #binding: SessionBinding | undefined;

  constructor(protocol: Protocol, host: ExchangeHost) {
    this.#protocol = protocol;
    this.#host = host;
  }

  /** The server's KEXINIT was received, and its NEWKEYS was not: only messages of the exchange are allowed. */
  get isUnderWay(): boolean {
    return this.#state.kind !== "idle";
  }

  /** Set by the first exchange, once its server is trusted. */
  get binding(): SessionBinding | undefined {
    return this.#sessionId === undefined ? undefined : this.#binding;
  }

  get isFirst(): boolean {
    return this.#sessionId === undefined;
  }

  /** Cancels running computations. */
  end(): void {
    if (this.#state.kind === "agreeing") {
      this.#state.agreement.cancel();
    }
    this.#state = { kind: "idle" };
  }

  /**
   * Handles a message from 20 to 49. While the promise is pending, no other message may be passed in.
   * @returns true when the next packets use another cipher.
   * @throws ConnectError, also as a rejection
   */
  receive(payload: Buffer): boolean | Promise<boolean> {
    switch (payload[0]) {
      case message.keyInit:
        return this.#onKexInit(payload);
      case message.newKeys:
        return this.#onNewKeys();
      default: {
        if (this.#state.kind !== "agreeing" || (payload[0] ?? 0) < 30) {
          throw unexpected(payload[0]);
        }
        const step = this.#state.agreement.receive(payload);
        return step instanceof Promise ? step.then((done) => this.#onStep(done)) : this.#onStep(step);
      }
    }
  }

  #onKexInit(payload: Buffer): boolean | Promise<boolean> {
    const protocol = this.#protocol;
    if (this.#state.kind !== "idle") {
      throw unexpected(message.keyInit);
    }
    const init = readKexInit(payload);
    this.#host.greeting.offer = serverOffer(init);
    if (protocol._strictMode === undefined) {
      protocol._strictMode = init.kex.includes("kex-strict-s-v00@openssh.com");
      // OpenSSH's PROTOCOL, section 1.10. `inSeqno` is one more than the sequence number of this message.
      if (protocol._strictMode && protocol._decipher?.inSeqno !== 1) {
        throw new ConnectError("protocol", "With strict key exchange nothing may come before KEXINIT");
      }
    }
    if (protocol._kexinit === undefined) {
      startExchange(protocol);
    }
    const { lists } = protocol._offer;
    const negotiated = negotiate(lists, init);
    const cap = (protocol._compatFlags & largeGroupFlaw) === 0 ? Number.POSITIVE_INFINITY : flawedGroupBits;
    const agreement = makeAgreement(negotiated.kex, neededBits(negotiated), cap);
    if (agreement === undefined) {
      throw new ConnectError("no-common-algorithm", `No common kex: ${negotiated.kex}`);
    }
    this.#state = { kind: "agreeing", theirs: Buffer.from(payload), negotiated, agreement };
    this.#skipsNext = isWrongGuess(lists, init);
    const first = agreement.start();
    return first instanceof Promise
      ? first.then((ready) => this.#onStep({ kind: "send", message: ready }))
      : this.#onStep({ kind: "send", message: first });
  }

  /** The server guessed another method, and its next message belongs to that. */
  #skipsNext = false;

  /** Called for each message during an exchange: returns true once, for the message to be dropped. */
  skips(): boolean {
    const skips = this.#skipsNext;
    this.#skipsNext = false;
    return skips;
  }

  #onStep(step: AgreementStep): boolean | Promise<boolean> {
    if (this.#state.kind !== "agreeing") {
      // The connection has ended meanwhile.
      return false;
    }
    if (step.kind === "send") {
      this.#send(step.message);
      return false;
    }
    const { negotiated } = this.#state;
    const exchangeHash = this.#hash(step, this.#state.theirs, this.#state.agreement.hash);
    verifyHostKeySignature(step.hostKey, step.signature, exchangeHash, negotiated.serverHostKey);
    const result = {
      hash: this.#state.agreement.hash,
      secret: step.secret,
      exchangeHash,
      sessionId: this.#sessionId ?? exchangeHash,
    };
    this.#binding ??= {
      hostKey: Buffer.from(step.hostKey),
      sessionId: exchangeHash,
      signature: Buffer.from(step.signature),
    };
    const trusted = this.#isTrusted(step.hostKey);
    return trusted instanceof Promise
      ? trusted.then((yes) => this.#onTrust(yes, result))
      : this.#onTrust(trusted, result);
  }

  /** A prompt may follow, but only about a key whose owner is the server. */
  #isTrusted(hostKey: Buffer): boolean | Promise<boolean> {
    const verifier = this.#protocol._hostVerifier;
    if (verifier === undefined) {
      return false;
    }
    let answered: boolean | undefined;
    let resolve: (trusted: boolean) => void = () => {};
    verifier(Buffer.from(hostKey), (trusted) => {
      answered = trusted;
      resolve(trusted);
    });
    return answered ?? new Promise((settle) => (resolve = settle));
  }

  /** Our direction uses the new keys from here on. */
  #onTrust(trusted: boolean, result: ExchangeResult): boolean {
    const protocol = this.#protocol;
    if (this.#state.kind !== "agreeing") {
      return false;
    }
    const { negotiated } = this.#state;
    if (!trusted) {
      throw new ConnectError("protocol", "The server shows another host key than before");
    }
    this.#send(Buffer.of(message.newKeys));
    this.#sessionId ??= result.sessionId;
    protocol._kex = { sessionID: this.#sessionId, negotiated };
    const sequence = protocol._strictMode ? 0 : protocol._cipher.outSeqno;
    protocol._cipher.free();
    protocol._cipher = outgoingCipher(result, negotiated.cs, sequence, protocol._onWrite);
    this.#state = { kind: "switching", negotiated, result };
    return false;
  }

  #onNewKeys(): boolean {
    if (this.#state.kind !== "switching") {
      throw unexpected(message.newKeys);
    }
    const protocol = this.#protocol;
    const { negotiated, result } = this.#state;
    const sequence = protocol._strictMode ? 0 : (protocol._decipher?.inSeqno ?? 0);
    protocol._decipher?.free();
    protocol._decipher = incomingCipher(result, negotiated.sc, sequence, (payload) =>
      this.#host.onPayload(payload),
    );
    protocol._packetRW.read.cleanup();
    protocol._packetRW.write.cleanup();
    // Not earlier: while our KEXINIT is pending, the writer allocates buffers without room for a packet's header.
    protocol._packetRW = { read: makeReader(protocol, negotiated), write: makeWriter(protocol, negotiated) };
    protocol._kexinit = undefined;
    this.#state = { kind: "idle" };
    this.#host.completed(negotiated);
    return true;
  }

  /** H (RFC 4253 section 8). */
  #hash(agreed: Agreed, theirs: Buffer, name: string): Buffer {
    const { _identRaw, _remoteIdentRaw = Buffer.alloc(0), _kexinit = Buffer.alloc(0) } = this.#protocol;
    const hash = createHash(name);
    for (const field of [_identRaw, _remoteIdentRaw, _kexinit, theirs, agreed.hostKey]) {
      hash.update(wireString(field));
    }
    return hash.update(agreed.hashed).update(agreed.secret).digest();
  }

  #send(payload: Buffer): void {
    const { _packetRW, _cipher } = this.#protocol;
    const packet = _packetRW.write.alloc(payload.length, true);
    packet.set(payload, _packetRW.write.allocStartKEX);
    _cipher.encrypt(_packetRW.write.finalize(packet, true));
  }
}

/** Sends our KEXINIT; from then on other messages are queued. */
export function startExchange(protocol: Protocol): void {
  protocol._queue ??= [];
  kex.kexinit(protocol);
}

/** Compression that started after the login continues after a new key exchange. */
function compresses(protocol: Protocol, algorithm: string): boolean {
  return algorithm === "zlib" || (algorithm === "zlib@openssh.com" && protocol._authenticated);
}

export function makeReader(protocol: Protocol, { sc }: NegotiatedKex): PacketReader {
  if (!compresses(protocol, sc.compress)) {
    return new zlib.PacketReader() as PacketReader;
  }
  const reader = new zlib.ZlibPacketReader() as PacketReader;
  if (reader._zlib !== undefined) {
    reader._zlib._maxOutputLength = longestMessage;
  }
  return reader;
}

export function makeWriter(protocol: Protocol, { cs }: NegotiatedKex): Protocol["_packetRW"]["write"] {
  return (
    compresses(protocol, cs.compress) ? new zlib.ZlibPacketWriter(protocol) : new zlib.PacketWriter(protocol)
  ) as Protocol["_packetRW"]["write"];
}

/** The bits of the strongest cipher in use, which the group has to match. */
function neededBits({ cs, sc }: NegotiatedKex): number {
  const bytes = [cs.cipher, sc.cipher].flatMap((name) => {
    const { keyLen = 0, ivLen = 0, blockLen = 0 } = crypto.CIPHER_INFO[name] ?? {};
    return [keyLen, ivLen, blockLen];
  });
  return Math.max(...bytes) * 8;
}

/** Flaws of known software, by ssh2's numbers. */
export function flawsOf(software: string): number {
  const known = constants.COMPAT_CHECKS.filter(([rule]) =>
    typeof rule === "string" ? software === rule : rule.test(software),
  );
  return known.reduce((flags, [, flag]) => flags | flag, 0);
}
