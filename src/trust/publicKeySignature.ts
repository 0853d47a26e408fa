import { createHash, createPublicKey, type JsonWebKey, type KeyObject, verify } from "node:crypto";
import { WireReader } from "../base/wire.ts";

interface Curve {
  /** The name in JWK (RFC 7518). */
  readonly crv: string;
  /** RFC 5656 section 6.2.1. */
  readonly hash: string;
  readonly bytes: number;
}

const curves: ReadonlyMap<string, Curve> = new Map([
  ["nistp256", { crv: "P-256", hash: "sha256", bytes: 32 }],
  ["nistp384", { crv: "P-384", hash: "sha384", bytes: 48 }],
  ["nistp521", { crv: "P-521", hash: "sha512", bytes: 66 }],
]);

/** RFC 8332, and RFC 4253's SHA-1, which the caller may refuse. */
const rsaHashes: ReadonlyMap<string, string> = new Map([
  ["rsa-sha2-512", "sha512"],
  ["rsa-sha2-256", "sha256"],
  ["ssh-rsa", "sha1"],
]);

/**
 * Checks a signature in wire format (RFC 4253 section 6.6, RFC 8332, PROTOCOL.u2f) by a plain key.
 * @returns the name of its algorithm; undefined when the signature is wrong.
 */
export function verifyKeySignature(key: Buffer, data: Buffer, signature: Buffer): string | undefined {
  const signed = new WireReader(signature);
  const name = signed.string()?.toString("latin1") ?? "";
  const bytes = signed.string();
  const fields = new WireReader(key);
  const type = fields.string()?.toString("latin1") ?? "";
  if (bytes === undefined) {
    return undefined;
  }
  try {
    return isSigned(type, fields, name, bytes, data, signed) && signed.left === 0 ? name : undefined;
  } catch {
    // No key or signature can have such numbers.
    return undefined;
  }
}

function isSigned(
  type: string,
  fields: WireReader,
  name: string,
  bytes: Buffer,
  data: Buffer,
  rest: WireReader,
): boolean {
  switch (type) {
    case "ssh-rsa": {
      const hash = rsaHashes.get(name);
      return hash !== undefined && verify(hash, data, rsaKey(fields), bytes);
    }
    case "ssh-ed25519":
      return name === type && verify(null, data, ed25519Key(fields), bytes);
    case "ecdsa-sha2-nistp256":
    case "ecdsa-sha2-nistp384":
    case "ecdsa-sha2-nistp521":
      return name === type && isEcdsa(fields, bytes, data);
    case "sk-ssh-ed25519@openssh.com": {
      const key = ed25519Key(fields);
      return name === type && verify(null, securityKeyData(fields, data, rest), key, bytes);
    }
    case "sk-ecdsa-sha2-nistp256@openssh.com": {
      const [curve, point] = [text(fields), text(fields)];
      return name === type && isEcdsaBy(curve, point, bytes, securityKeyData(fields, data, rest));
    }
    default:
      return false;
  }
}

/** What a security key signs (PROTOCOL.u2f): hashes of the application and the message, with its flags and counter. */
function securityKeyData(fields: WireReader, data: Buffer, rest: WireReader): Buffer {
  const application = text(fields);
  const state = rest.bytes(5) ?? Buffer.alloc(0);
  const digest = (value: Buffer): Buffer => createHash("sha256").update(value).digest();
  return Buffer.concat([digest(application), state, digest(data)]);
}

function isEcdsa(fields: WireReader, bytes: Buffer, data: Buffer): boolean {
  const [curve, point] = [text(fields), text(fields)];
  return isEcdsaBy(curve, point, bytes, data);
}

function isEcdsaBy(curveName: Buffer, point: Buffer, bytes: Buffer, data: Buffer): boolean {
  const curve = curves.get(curveName.toString("latin1"));
  const numbers = new WireReader(bytes);
  const [r, s] = [numbers.mpint(), numbers.mpint()];
  if (curve === undefined || r === undefined || s === undefined || numbers.left > 0) {
    return false;
  }
  if (r.length > curve.bytes || s.length > curve.bytes || point.length !== 1 + 2 * curve.bytes) {
    return false;
  }
  const key = fromJwk({
    kty: "EC",
    crv: curve.crv,
    x: point.subarray(1, 1 + curve.bytes).toString("base64url"),
    y: point.subarray(1 + curve.bytes).toString("base64url"),
  });
  const padded = [r, s].map((number) => Buffer.concat([Buffer.alloc(curve.bytes - number.length), number]));
  return verify(curve.hash, data, { key, dsaEncoding: "ieee-p1363" }, Buffer.concat(padded));
}

function rsaKey(fields: WireReader): KeyObject {
  const [e, n] = [text(fields), text(fields)];
  return fromJwk({ kty: "RSA", e: e.toString("base64url"), n: n.toString("base64url") });
}

function ed25519Key(fields: WireReader): KeyObject {
  return fromJwk({ kty: "OKP", crv: "Ed25519", x: text(fields).toString("base64url") });
}

function text(reader: WireReader): Buffer {
  return reader.string() ?? Buffer.alloc(0);
}

function fromJwk(jwk: JsonWebKey): KeyObject {
  return createPublicKey({ key: jwk, format: "jwk" });
}
