import { createHash, createSecretKey } from "node:crypto";
import {
  crypto,
  type DirectionAlgorithms,
  type InCipher,
  type Keys,
  keyFields,
  type OutCipher,
  type PayloadHandler,
} from "../ssh2Protocol.ts";
import { GcmCipher, isGcm } from "./gcmCipher.ts";
import { GcmDecipher } from "./gcmDecipher.ts";

/** The result of a key exchange (RFC 4253 section 7.2). */
export interface ExchangeResult {
  readonly hash: string;
  /** K, encoded as it is hashed. */
  readonly secret: Buffer;
  /** H */
  readonly exchangeHash: Buffer;
  /** H of the first exchange. */
  readonly sessionId: Buffer;
}

function derive(
  { hash, secret, exchangeHash, sessionId }: ExchangeResult,
  letter: string,
  length: number,
): Buffer {
  let bytes = createHash(hash).update(secret).update(exchangeHash).update(letter).update(sessionId).digest();
  while (bytes.length < length) {
    const more = createHash(hash).update(secret).update(exchangeHash).update(bytes).digest();
    bytes = Buffer.concat([bytes, more]);
  }
  return bytes.subarray(0, length);
}

/** Both throw when ssh2 lacks the algorithm, but only supported ones are offered. */
function parts(
  result: ExchangeResult,
  { cipher, mac }: DirectionAlgorithms,
  letters: string,
): {
  info: (typeof crypto.CIPHER_INFO)[string];
  iv: Buffer;
  key: Buffer;
  macInfo: object | undefined;
  macKey: Buffer | undefined;
} {
  const info = crypto.CIPHER_INFO[cipher];
  const macInfo = crypto.MAC_INFO[mac];
  if (info === undefined || (info.authLen === 0 && macInfo === undefined)) {
    throw new Error(`Unknown cipher or MAC: ${cipher} ${mac}`);
  }
  const [ivLetter = "", keyLetter = "", macLetter = ""] = letters;
  return {
    info,
    iv: derive(result, ivLetter, info.ivLen),
    key: derive(result, keyLetter, info.keyLen),
    macInfo: info.authLen === 0 ? macInfo : undefined,
    macKey: info.authLen === 0 && macInfo ? derive(result, macLetter, macInfo.len) : undefined,
  };
}

/** From us to the server. */
export function outgoingCipher(
  result: ExchangeResult,
  algorithms: DirectionAlgorithms,
  sequence: number,
  onWrite: (data: Uint8Array) => void,
): OutCipher {
  const { info, iv, key, macInfo, macKey } = parts(result, algorithms, "ACE");
  if (isGcm(info.sslName)) {
    return new GcmCipher({ name: info.sslName, key: createSecretKey(key), iv, sequence, onWrite });
  }
  const outbound = {
    onWrite,
    seqno: sequence,
    cipherInfo: info,
    cipherIV: iv,
    cipherKey: key,
    macInfo,
    macKey,
  };
  return prepared(crypto.createCipher({ outbound }) as OutCipher);
}

/** From the server to us. */
export function incomingCipher(
  result: ExchangeResult,
  algorithms: DirectionAlgorithms,
  sequence: number,
  onPayload: PayloadHandler,
): InCipher {
  const { info, iv, key, macInfo, macKey } = parts(result, algorithms, "BDF");
  if (isGcm(info.sslName)) {
    return new GcmDecipher({ name: info.sslName, key: createSecretKey(key), iv, sequence, onPayload });
  }
  const inbound = {
    onPayload,
    seqno: sequence,
    decipherInfo: info,
    decipherIV: iv,
    decipherKey: key,
    macInfo,
    macKey,
  };
  return prepared(crypto.createDecipher({ inbound }) as InCipher);
}

/**
 * ssh2 makes a new cipher for every packet from a key in a buffer, which Node copies and checks each time. This takes
 * two thirds of the time, and creates more garbage than most packets have data.
 */
function prepared<Cipher extends Keys>(cipher: Cipher): Cipher {
  const keys: Keys = cipher;
  for (const field of keyFields) {
    const key = keys[field];
    if (Buffer.isBuffer(key)) {
      keys[field] = createSecretKey(key);
    }
  }
  return cipher;
}
