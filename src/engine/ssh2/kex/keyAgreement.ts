import { WireReader } from "../../../base/wire.ts";
import { ConnectError } from "../../engineErrors.ts";

/** The meaning of message numbers 30 to 49 depends on the method (RFC 4253 section 12). */
export const kexMessage = {
  init: 30,
  reply: 31,
  groupExchangeGroup: 31,
  groupExchangeInit: 32,
  groupExchangeReply: 33,
  groupExchangeRequest: 34,
} as const;

/** The result of the key agreement, and the server's proof of it. */
export interface Agreed {
  readonly kind: "agreed";
  /** K_S, as received. */
  readonly hostKey: Buffer;
  readonly signature: Buffer;
  /** The method's own part of the exchange hash: all fields between K_S and K, encoded. */
  readonly hashed: Buffer;
  /** K, encoded as it is hashed: an `mpint`, or a `string` for the hybrid methods. */
  readonly secret: Buffer;
}

export type AgreementStep = { readonly kind: "send"; readonly message: Buffer } | Agreed;

/** The client's side of one key exchange method, for one exchange. Rejects or throws ConnectError. */
export interface KeyAgreement {
  /** Node's name of the method's hash. */
  readonly hash: string;
  /** The first message. */
  start(): Buffer | Promise<Buffer>;
  /** Handles a message of the method, whatever order the server sends them in. */
  receive(message: Buffer): AgreementStep | Promise<AgreementStep>;
  /** Cancels running computations. Idempotent. */
  cancel(): void;
}

export function malformed(what: string, cause?: unknown): ConnectError {
  return new ConnectError("protocol", `The server's ${what} is malformed`, { cause });
}

export function unexpected(number: number | undefined): ConnectError {
  return new ConnectError("protocol", `Message ${number} is out of place in a key exchange`);
}

/** K_S, the server's public value and its signature, which each method's reply contains. */
export function readReply(
  message: Buffer,
  number: number,
): { readonly hostKey: Buffer; readonly value: Buffer; readonly signature: Buffer } {
  if (message[0] !== number) {
    throw unexpected(message[0]);
  }
  const reader = new WireReader(message, 1);
  const [hostKey, value, signature] = [reader.string(), reader.string(), reader.string()];
  if (hostKey === undefined || value === undefined || signature === undefined || reader.left > 0) {
    throw malformed("key exchange reply");
  }
  return { hostKey, value, signature };
}
