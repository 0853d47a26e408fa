import { WireReader, wireMpint, wireUint32 } from "../../../base/wire.ts";
import { ConnectError } from "../../engineErrors.ts";
import { DhThread } from "./dhThread.ts";
import {
  type Agreed,
  type AgreementStep,
  type KeyAgreement,
  kexMessage,
  malformed,
  readReply,
  unexpected,
} from "./keyAgreement.ts";

/** RFC 8270 section 3, and OpenSSH's DH_GRP_MIN and DH_GRP_MAX. */
export const groupBits = { least: 2048, most: 8192 } as const;

/** The common part of the groups of RFC 3526 and of groups that the server chooses. */
abstract class FiniteField implements KeyAgreement {
  readonly hash: string;
  #thread: DhThread | undefined;
  #publicNumber: Buffer = Buffer.alloc(0);

  constructor(hash: string) {
    this.hash = hash;
  }

  abstract start(): Buffer | Promise<Buffer>;
  abstract receive(message: Buffer): AgreementStep | Promise<AgreementStep>;

  cancel(): void {
    this.#thread?.end();
  }

  /** SSH_MSG_KEXDH_INIT or SSH_MSG_KEX_DH_GEX_INIT. */
  protected async begin(thread: DhThread, number: number): Promise<Buffer> {
    this.#thread = thread;
    this.#publicNumber = wireMpint((await thread.publicNumber()) ?? Buffer.alloc(0));
    return Buffer.concat([Buffer.of(number), this.#publicNumber]);
  }

  /** @param before the hashed data before the two public numbers. */
  protected async agree(message: Buffer, number: number, before: Buffer): Promise<Agreed> {
    const thread = this.#thread;
    if (thread === undefined) {
      throw unexpected(message[0]);
    }
    const { hostKey, value, signature } = readReply(message, number);
    const peer = readMagnitude(value);
    const shared = await thread.secretWith(peer);
    thread.end();
    if (shared === undefined) {
      throw malformed("key exchange value");
    }
    const hashed = Buffer.concat([before, this.#publicNumber, wireMpint(peer)]);
    return { kind: "agreed", hostKey, signature, hashed, secret: wireMpint(shared) };
  }
}

/** RFC 4253 section 8, RFC 8268. */
export class FixedGroup extends FiniteField {
  readonly #name: string;

  /** @param name Node's name of the group. */
  constructor(name: string, hash: string) {
    super(hash);
    this.#name = name;
  }

  start(): Promise<Buffer> {
    return this.begin(new DhThread({ name: this.#name }), kexMessage.init);
  }

  receive(message: Buffer): Promise<AgreementStep> {
    return this.agree(message, kexMessage.reply, Buffer.alloc(0));
  }
}

/**
 * RFC 4419: the server chooses the group. We do not test whether it is prime: that takes up to a minute, and a
 * server, whose signature covers the group, would only harm its own connection (OpenSSH doesn't test it either).
 */
export class GroupExchange extends FiniteField {
  readonly #request: Buffer;
  #group: Buffer | undefined;

  /** @param preferredBits group size that matches the ciphers. */
  constructor(hash: string, preferredBits: number) {
    super(hash);
    this.#request = Buffer.concat([groupBits.least, preferredBits, groupBits.most].map(wireUint32));
  }

  start(): Buffer {
    return Buffer.concat([Buffer.of(kexMessage.groupExchangeRequest), this.#request]);
  }

  async receive(message: Buffer): Promise<AgreementStep> {
    if (this.#group !== undefined) {
      return this.agree(message, kexMessage.groupExchangeReply, Buffer.concat([this.#request, this.#group]));
    }
    if (message[0] !== kexMessage.groupExchangeGroup) {
      throw unexpected(message[0]);
    }
    const reader = new WireReader(message, 1);
    const [prime, generator] = [reader.mpint(), reader.mpint()];
    if (prime === undefined || generator === undefined || reader.left > 0) {
      throw malformed("group");
    }
    checkGroup(prime, generator);
    this.#group = Buffer.concat([wireMpint(prime), wireMpint(generator)]);
    const thread = new DhThread({ prime, generator });
    return { kind: "send", message: await this.begin(thread, kexMessage.groupExchangeInit) };
  }
}

/** Both without leading zeros. @throws ConnectError `protocol` */
function checkGroup(prime: Buffer, generator: Buffer): void {
  const bits = prime.length * 8 - Math.clz32(prime[0] ?? 0) + 24;
  if (prime.length > groupBits.most / 8 || bits < groupBits.least || bits > groupBits.most) {
    throw new ConnectError(
      "protocol",
      `The server's group has ${bits} bits; ${groupBits.least} to ${groupBits.most} are allowed`,
    );
  }
  const isOdd = ((prime.at(-1) ?? 0) & 1) === 1;
  const small = generator.length < prime.length;
  // 1 < generator < prime - 1; the prime is odd, so that subtracting 1 changes only its last byte.
  const order = small
    ? -1
    : Buffer.compare(generator, Buffer.concat([prime.subarray(0, -1), Buffer.of((prime.at(-1) ?? 0) - 1)]));
  if (
    !isOdd ||
    generator.length > prime.length ||
    order >= 0 ||
    generator.length === 0 ||
    (generator.length === 1 && generator[0] === 1)
  ) {
    throw malformed("group");
  }
}

function readMagnitude(value: Buffer): Buffer {
  if (value.length > groupBits.most / 8 + 1 || ((value[0] ?? 0) & 0x80) !== 0) {
    throw malformed("key exchange value");
  }
  return value;
}
