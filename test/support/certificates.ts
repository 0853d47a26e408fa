import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { wireString, wireUint32 } from "../../src/base/wire.ts";

export interface Authority {
  readonly privateKey: KeyObject;
  readonly publicKey: Buffer;
}

/** A key that signs certificates, or one to be certified. */
export function makeAuthority(): Authority {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const { x = "" } = publicKey.export({ format: "jwk" });
  const blob = Buffer.concat([wireString("ssh-ed25519"), wireString(Buffer.from(x, "base64url"))]);
  return { privateKey, publicKey: blob };
}

export interface CertificateSpec {
  readonly key: Buffer;
  readonly authority: Authority;
  readonly kind?: 1 | 2;
  readonly serial?: bigint;
  readonly keyId?: string;
  readonly principals?: readonly string[];
  readonly after?: bigint;
  readonly before?: bigint;
  readonly critical?: readonly string[];
  readonly extensions?: readonly string[];
}

/** A certificate of an Ed25519 or RSA key (OpenSSH's PROTOCOL.certkeys), signed by Node and not by the code under test. */
export function makeCertificate(spec: CertificateSpec): Buffer {
  const uint64 = (value: bigint): Buffer => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64BE(value);
    return bytes;
  };
  const rsa = wireString("ssh-rsa");
  const isRsa = spec.key.subarray(0, rsa.length).equals(rsa);
  const options = (names: readonly string[] = []): Buffer =>
    Buffer.concat(names.map((name) => Buffer.concat([wireString(name), wireString("")])));
  const body = Buffer.concat([
    wireString(`${isRsa ? "ssh-rsa" : "ssh-ed25519"}-cert-v01@openssh.com`),
    wireString(Buffer.alloc(32, 7)),
    isRsa ? spec.key.subarray(rsa.length) : wireString(spec.key.subarray(-32)),
    uint64(spec.serial ?? 1n),
    wireUint32(spec.kind ?? 2),
    wireString(spec.keyId ?? "id"),
    wireString(Buffer.concat((spec.principals ?? ["server.example.org"]).map((name) => wireString(name)))),
    uint64(spec.after ?? 0n),
    uint64(spec.before ?? 0xffff_ffff_ffff_ffffn),
    wireString(options(spec.critical)),
    wireString(options(spec.extensions)),
    wireString(""),
    wireString(spec.authority.publicKey),
  ]);
  const bytes = sign(null, body, spec.authority.privateKey);
  return Buffer.concat([body, wireString(Buffer.concat([wireString("ssh-ed25519"), wireString(bytes)]))]);
}
