import { createHash, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { type WireReader, wireMpint, wireString } from "../base/wire.ts";
import { formatLine } from "../trust/knownHostLine.ts";

/** In the name of known_hosts. OpenSSH looks for it in place of the host's name (HostKeyAlias). */
export const gatewayKeyAlias = "ssh-sessions-gateway";

/** The only algorithm for the gateway's host key (RFC 5656 section 3): every OpenSSH has it, also in FIPS mode. */
export const gatewayKeyType = "ecdsa-sha2-nistp256";

/** OpenSSL encodes a point of P-256 in 65 bytes, at the end of the SubjectPublicKeyInfo. */
const pointLength = 65;

/**
 * The host key of a gateway. It proves to `ssh` that our process is at the other end of the socket. It exists only in
 * the memory of the process.
 */
export class GatewayKey {
  readonly #privateKey: KeyObject;
  /** As in RFC 4253 section 6.6. */
  readonly blob: Buffer;

  constructor() {
    const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    this.#privateKey = privateKey;
    const point = publicKey.export({ type: "spki", format: "der" }).subarray(-pointLength);
    this.blob = Buffer.concat([wireString(gatewayKeyType), wireString("nistp256"), wireString(point)]);
  }

  /** A signature blob of RFC 5656 section 3.1.2. */
  sign(data: Uint8Array): Buffer {
    const both = sign("sha256", data, { key: this.#privateKey, dsaEncoding: "ieee-p1363" });
    const half = both.length / 2;
    const numbers = Buffer.concat([wireMpint(both.subarray(0, half)), wireMpint(both.subarray(half))]);
    return Buffer.concat([wireString(gatewayKeyType), wireString(numbers)]);
  }

  /** A line of known_hosts. */
  knownHostsLine(): string {
    return `${formatLine(gatewayKeyAlias, { type: gatewayKeyType, key: this.blob })}\n`;
  }
}

/** K1, K2 and so on (RFC 4253 section 7.2). */
export function derivedKey(shared: KeyMaterial, letter: string, length: number): Buffer {
  const { secret, exchangeHash, sessionId } = shared;
  const key = createHash("sha256")
    .update(secret)
    .update(exchangeHash)
    .update(letter)
    .update(sessionId)
    .digest();
  return key.subarray(0, length);
}

/** The result of a key exchange. Keys of up to 32 bytes need one hash. */
export interface KeyMaterial {
  /** K, as mpint. */
  readonly secret: Buffer;
  readonly exchangeHash: Buffer;
  /** The exchange hash of the first exchange. */
  readonly sessionId: Buffer;
}

/** Whether a list of names in KEXINIT contains a name. */
export function nextListHas(reader: WireReader, name: string): boolean {
  return reader.nameList()?.includes(name) === true;
}
