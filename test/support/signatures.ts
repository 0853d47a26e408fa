import { createPublicKey, type JsonWebKey, verify } from "node:crypto";
import { WireReader } from "../../src/base/wire.ts";

const curves: Readonly<Record<string, { crv: string; hash: string; bytes: number }>> = {
  nistp256: { crv: "P-256", hash: "sha256", bytes: 32 },
  nistp384: { crv: "P-384", hash: "sha384", bytes: 48 },
  nistp521: { crv: "P-521", hash: "sha512", bytes: 66 },
};

/** Checks a wire-format signature against a wire-format public key, with code that is independent of the signer. */
export function verifySignature(publicKey: Buffer, data: Buffer, signature: Buffer): boolean {
  const key = new WireReader(publicKey);
  const type = field(key).toString();
  const outer = new WireReader(signature);
  const algorithm = field(outer).toString();
  const bytes = field(outer);
  if (outer.left !== 0) {
    return false;
  }
  if (type === "ssh-ed25519") {
    const jwk = { kty: "OKP", crv: "Ed25519", x: field(key).toString("base64url") };
    return algorithm === type && verify(null, data, fromJwk(jwk), bytes);
  }
  if (type === "ssh-rsa") {
    const [e, n] = [field(key), field(key)];
    const hash = { "rsa-sha2-256": "sha256", "rsa-sha2-512": "sha512" }[algorithm];
    const jwk = { kty: "RSA", e: e.toString("base64url"), n: n.toString("base64url") };
    return hash !== undefined && verify(hash, data, fromJwk(jwk), bytes);
  }
  const curve = curves[field(key).toString()];
  if (curve === undefined || algorithm !== type) {
    return false;
  }
  const point = field(key);
  const inner = new WireReader(bytes);
  const pair = [field(inner), field(inner)].map((value) =>
    Buffer.concat([Buffer.alloc(curve.bytes), value]).subarray(-curve.bytes),
  );
  const jwk = {
    kty: "EC",
    crv: curve.crv,
    x: point.subarray(1, 1 + curve.bytes).toString("base64url"),
    y: point.subarray(1 + curve.bytes).toString("base64url"),
  };
  const check = { key: fromJwk(jwk), dsaEncoding: "ieee-p1363" } as const;
  return inner.left === 0 && verify(curve.hash, data, check, Buffer.concat(pair));
}

function field(reader: WireReader): Buffer {
  const value = reader.string();
  if (value === undefined) {
    throw new Error("cut short");
  }
  return value;
}

function fromJwk(jwk: JsonWebKey) {
  return createPublicKey({ key: jwk, format: "jwk" });
}
