import {
  createDecipheriv,
  createPrivateKey,
  type DecipherGCM,
  type JsonWebKey,
  type KeyObject,
} from "node:crypto";
import { WireReader } from "../../base/wire.ts";

/** OpenSSH's own private key format, described in OpenSSH's PROTOCOL.key. */
const magic = Buffer.from("openssh-key-v1\0", "latin1");

/** The unencrypted outer part of a key file. */
export interface OpenSshEnvelope {
  readonly cipher: string;
  readonly kdf: string;
  readonly kdfOptions: Buffer;
  readonly publicKey: Buffer;
  readonly encrypted: Buffer;
  /** Authentication tag of the GCM ciphers, otherwise empty. */
  readonly tag: Buffer;
}

interface Cipher {
  readonly name: string;
  readonly keyBytes: number;
  readonly ivBytes: number;
  readonly tagBytes: number;
}

const ciphers: ReadonlyMap<string, Cipher> = new Map(
  Object.entries({
    "aes256-ctr": { name: "aes-256-ctr", keyBytes: 32, ivBytes: 16, tagBytes: 0 },
    "aes192-ctr": { name: "aes-192-ctr", keyBytes: 24, ivBytes: 16, tagBytes: 0 },
    "aes128-ctr": { name: "aes-128-ctr", keyBytes: 16, ivBytes: 16, tagBytes: 0 },
    "aes256-cbc": { name: "aes-256-cbc", keyBytes: 32, ivBytes: 16, tagBytes: 0 },
    "aes192-cbc": { name: "aes-192-cbc", keyBytes: 24, ivBytes: 16, tagBytes: 0 },
    "aes128-cbc": { name: "aes-128-cbc", keyBytes: 16, ivBytes: 16, tagBytes: 0 },
    "3des-cbc": { name: "des-ede3-cbc", keyBytes: 24, ivBytes: 8, tagBytes: 0 },
    "aes256-gcm@openssh.com": { name: "aes-256-gcm", keyBytes: 32, ivBytes: 12, tagBytes: 16 },
    "aes128-gcm@openssh.com": { name: "aes-128-gcm", keyBytes: 16, ivBytes: 12, tagBytes: 16 },
  }),
);

/** Undefined when the data is not such a key, or holds more than one (OpenSSH writes one). */
export function parseOpenSshEnvelope(data: Buffer): OpenSshEnvelope | undefined {
  if (!data.subarray(0, magic.length).equals(magic)) {
    return undefined;
  }
  const reader = new WireReader(data.subarray(magic.length));
  const cipher = reader.string()?.toString("latin1");
  const kdf = reader.string()?.toString("latin1");
  const kdfOptions = reader.string();
  const count = reader.uint32();
  const publicKey = reader.string();
  const encrypted = reader.string();
  const tag = reader.bytes(reader.left);
  if (
    cipher === undefined ||
    kdf === undefined ||
    kdfOptions === undefined ||
    count !== 1 ||
    publicKey === undefined ||
    encrypted === undefined ||
    tag === undefined ||
    (cipher === "none") !== (kdf === "none")
  ) {
    return undefined;
  }
  return { cipher, kdf, kdfOptions, publicKey, encrypted, tag };
}

/** The parameters for bcrypt-pbkdf; undefined when the cipher or the derivation is not supported. */
export function derivationOf(
  envelope: OpenSshEnvelope,
): { readonly salt: Buffer; readonly rounds: number; readonly length: number } | undefined {
  const cipher = ciphers.get(envelope.cipher);
  const options = new WireReader(envelope.kdfOptions);
  const salt = options.string();
  const rounds = options.uint32();
  return cipher === undefined || envelope.kdf !== "bcrypt" || salt === undefined || rounds === undefined
    ? undefined
    : { salt, rounds, length: cipher.keyBytes + cipher.ivBytes };
}

/** The decrypted private section; undefined when it can't be decrypted (wrong key, or damage). */
export function decipherSection(envelope: OpenSshEnvelope, derived: Uint8Array): Buffer | undefined {
  const cipher = ciphers.get(envelope.cipher);
  if (cipher === undefined || envelope.tag.length !== cipher.tagBytes) {
    return undefined;
  }
  const key = derived.subarray(0, cipher.keyBytes);
  const iv = derived.subarray(cipher.keyBytes, cipher.keyBytes + cipher.ivBytes);
  try {
    const decipher = createDecipheriv(cipher.name, key, iv);
    decipher.setAutoPadding(false);
    if (cipher.tagBytes > 0) {
      (decipher as DecipherGCM).setAuthTag(envelope.tag);
    }
    return Buffer.concat([decipher.update(envelope.encrypted), decipher.final()]);
  } catch {
    return undefined;
  }
}

export type OpenSshSection =
  | { readonly kind: "key"; readonly key: KeyObject; readonly comment: string }
  /** The two check numbers differ, which means a wrong passphrase if the key is encrypted. */
  | { readonly kind: "garbled" }
  | { readonly kind: "unsupported"; readonly type: string }
  | { readonly kind: "malformed" };

/** Parses the decrypted private section. */
export function parseOpenSshSection(section: Buffer): OpenSshSection {
  const reader = new WireReader(section);
  const check = reader.uint32();
  if (check === undefined || check !== reader.uint32()) {
    return { kind: "garbled" };
  }
  const type = reader.string()?.toString("latin1");
  if (type === undefined) {
    return { kind: "malformed" };
  }
  const readKey = fieldReaders.get(type);
  if (readKey === undefined) {
    return { kind: "unsupported", type };
  }
  const jwk = readKey(reader);
  const comment = reader.string()?.toString("utf8");
  const padding = reader.bytes(reader.left);
  if (
    jwk === undefined ||
    comment === undefined ||
    padding?.every((byte, index) => byte === ((index + 1) & 0xff)) !== true
  ) {
    return { kind: "malformed" };
  }
  try {
    return { kind: "key", key: createPrivateKey({ key: jwk, format: "jwk" }), comment };
  } catch {
    return { kind: "malformed" };
  }
}

const fieldReaders: ReadonlyMap<string, (reader: WireReader) => JsonWebKey | undefined> = new Map([
  ["ssh-ed25519", readEd25519],
  ["ssh-rsa", readRsa],
  ["ecdsa-sha2-nistp256", (reader: WireReader) => readEcdsa(reader, "P-256", 32)],
  ["ecdsa-sha2-nistp384", (reader: WireReader) => readEcdsa(reader, "P-384", 48)],
  ["ecdsa-sha2-nistp521", (reader: WireReader) => readEcdsa(reader, "P-521", 66)],
]);

/** Bytes of the longest number that OpenSSH accepts (SSHBUF_MAX_BIGNUM), with a leading zero. */
const longestNumber = 16_384 / 8 + 1;

/** string public, string seed and public. */
function readEd25519(reader: WireReader): JsonWebKey | undefined {
  const publicKey = reader.string();
  const both = reader.string();
  return publicKey?.length === 32 && both?.length === 64
    ? { kty: "OKP", crv: "Ed25519", x: text(publicKey), d: text(both.subarray(0, 32)) }
    : undefined;
}

/** mpint n, e, d, iqmp, p, q. The exponents modulo p-1 and q-1 are not stored. */
function readRsa(reader: WireReader): JsonWebKey | undefined {
  const numbers: bigint[] = [];
  for (let count = 0; count < 6; count++) {
    const field = reader.string();
    if (field === undefined || field.length === 0 || field.length > longestNumber) {
      return undefined;
    }
    numbers.push(BigInt(`0x${field.toString("hex")}`));
  }
  const [n = 0n, e = 0n, d = 0n, qi = 0n, p = 0n, q = 0n] = numbers;
  if (p <= 1n || q <= 1n) {
    return undefined;
  }
  return {
    kty: "RSA",
    n: number(n),
    e: number(e),
    d: number(d),
    p: number(p),
    q: number(q),
    dp: number(d % (p - 1n)),
    dq: number(d % (q - 1n)),
    qi: number(qi),
  };
}

/** string curve, string point, mpint private. */
function readEcdsa(reader: WireReader, crv: string, bytes: number): JsonWebKey | undefined {
  reader.string();
  const point = reader.string();
  const secret = reader.string();
  if (
    point?.length !== 1 + 2 * bytes ||
    point[0] !== 4 ||
    secret === undefined ||
    secret.length > bytes + 1
  ) {
    return undefined;
  }
  const padded = Buffer.concat([Buffer.alloc(bytes), secret]).subarray(-bytes);
  return {
    kty: "EC",
    crv,
    x: text(point.subarray(1, 1 + bytes)),
    y: text(point.subarray(1 + bytes)),
    d: text(padded),
  };
}

function text(bytes: Buffer): string {
  return bytes.toString("base64url");
}

function number(value: bigint): string {
  const hex = value.toString(16);
  return Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, "hex").toString("base64url");
}
