import { createHash, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { describe, expect, test } from "vitest";
import { wireMpint, wireString, wireUint32 } from "../../../src/base/wire.ts";
import { claimedKeyType, publicKeyType, rsaKeyBits } from "../../../src/trust/publicKeyBlob.ts";
import { verifyKeySignature } from "../../../src/trust/publicKeySignature.ts";
import { makeAuthority, makeCertificate } from "../../support/certificates.ts";
import { ecdsaBlob, ed25519Blob, rsaBlob } from "../../support/publicKeys.ts";

const data = Buffer.from("what is signed");
const decode = (part: string | undefined): Buffer => Buffer.from(part ?? "", "base64url");
const wire = (...strings: readonly (string | Uint8Array)[]): Buffer =>
  Buffer.concat(strings.map((each) => wireString(each)));

interface Signer {
  readonly blob: Buffer;
  /** The signature of `data` in wire format. */
  readonly signature: Buffer;
  readonly algorithm: string;
}

function rsa(algorithm: string, hash: string): Signer {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const { e, n } = publicKey.export({ format: "jwk" });
  return {
    blob: Buffer.concat([wireString("ssh-rsa"), wireMpint(decode(e)), wireMpint(decode(n))]),
    signature: wire(algorithm, sign(hash, data, privateKey)),
    algorithm,
  };
}

/** The numbers r and s as SSH writes them (RFC 5656 section 3.1.2). */
function ecdsaNumbers(hash: string, message: Buffer, key: KeyObject): Buffer {
  const raw = sign(hash, message, { key, dsaEncoding: "ieee-p1363" });
  const half = raw.length / 2;
  return Buffer.concat([wireMpint(raw.subarray(0, half)), wireMpint(raw.subarray(half))]);
}

function curvePoint(namedCurve: string): { readonly privateKey: KeyObject; readonly point: Buffer } {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve });
  const { x, y } = publicKey.export({ format: "jwk" });
  return { privateKey, point: Buffer.concat([Buffer.of(4), decode(x), decode(y)]) };
}

function ecdsa(curve: string, namedCurve: string, hash: string): Signer {
  const { privateKey, point } = curvePoint(namedCurve);
  const algorithm = `ecdsa-sha2-${curve}`;
  return {
    blob: wire(algorithm, curve, point),
    signature: wire(algorithm, ecdsaNumbers(hash, data, privateKey)),
    algorithm,
  };
}

function ed25519(): Signer {
  const { privateKey, publicKey } = makeAuthority();
  return {
    blob: publicKey,
    signature: wire("ssh-ed25519", sign(null, data, privateKey)),
    algorithm: "ssh-ed25519",
  };
}

const application = "ssh:test";
/** Flags and counter of a security key. */
const state = Buffer.concat([Buffer.of(1), wireUint32(7)]);
const sha256 = (value: string | Buffer): Buffer => createHash("sha256").update(value).digest();
const securityKeyMessage = Buffer.concat([sha256(application), state, sha256(data)]);

function securityEd25519(): Signer {
  const { privateKey, publicKey } = makeAuthority();
  const algorithm = "sk-ssh-ed25519@openssh.com";
  return {
    blob: wire(algorithm, publicKey.subarray(-32), application),
    signature: Buffer.concat([wire(algorithm, sign(null, securityKeyMessage, privateKey)), state]),
    algorithm,
  };
}

function securityEcdsa(): Signer {
  const { privateKey, point } = curvePoint("P-256");
  const algorithm = "sk-ecdsa-sha2-nistp256@openssh.com";
  return {
    blob: wire(algorithm, "nistp256", point, application),
    signature: Buffer.concat([
      wire(algorithm, ecdsaNumbers("sha256", securityKeyMessage, privateKey)),
      state,
    ]),
    algorithm,
  };
}

const signers: readonly Signer[] = [
  ed25519(),
  rsa("rsa-sha2-512", "sha512"),
  rsa("rsa-sha2-256", "sha256"),
  rsa("ssh-rsa", "sha1"),
  ecdsa("nistp256", "P-256", "sha256"),
  ecdsa("nistp384", "P-384", "sha384"),
  ecdsa("nistp521", "P-521", "sha512"),
  securityEd25519(),
  securityEcdsa(),
];

describe.each(signers)("a signature by $algorithm", ({ blob, signature, algorithm }) => {
  test("is valid, and names its algorithm, for the signed data and this key", () => {
    expect(verifyKeySignature(blob, data, signature)).toBe(algorithm);
    expect(verifyKeySignature(blob, Buffer.from("something else"), signature)).toBeUndefined();
    for (const other of signers.filter((signer) => signer.blob !== blob)) {
      expect(verifyKeySignature(other.blob, data, signature)).toBeUndefined();
    }
  });

  test("is invalid if truncated, with surplus data, damaged, or under another name", () => {
    for (let length = 0; length < signature.length; length += 7) {
      expect(verifyKeySignature(blob, data, signature.subarray(0, length))).toBeUndefined();
    }
    expect(verifyKeySignature(blob, data, Buffer.concat([signature, Buffer.of(0)]))).toBeUndefined();
    const damaged = Buffer.from(signature);
    damaged[signature.length - 1] = (signature.at(-1) ?? 0) ^ 1;
    expect(verifyKeySignature(blob, data, damaged)).toBeUndefined();
    const body = signature.subarray(4 + algorithm.length);
    for (const name of ["ssh-dss", "rsa-sha2-512", "rsa-sha2-256", "ssh-ed25519", ""]) {
      if (name !== algorithm) {
        expect(verifyKeySignature(blob, data, Buffer.concat([wireString(name), body]))).toBeUndefined();
      }
    }
  });

  test("is invalid for a truncated key", () => {
    expect(verifyKeySignature(blob.subarray(0, -1), data, signature)).toBeUndefined();
    expect(verifyKeySignature(blob.subarray(0, 4), data, signature)).toBeUndefined();
  });
});

test("numbers of a curve that are too long or have surplus data are no signature", () => {
  const [signer] = [ecdsa("nistp256", "P-256", "sha256")];
  const long = Buffer.concat([wireMpint(Buffer.alloc(33, 1)), wireMpint(Buffer.alloc(32, 1))]);
  expect(verifyKeySignature(signer.blob, data, wire(signer.algorithm, long))).toBeUndefined();
  const numbers = signer.signature.subarray(8 + signer.algorithm.length);
  const more = wire(signer.algorithm, Buffer.concat([numbers, Buffer.of(0)]));
  expect(verifyKeySignature(signer.blob, data, more)).toBeUndefined();
});

describe("the type of a public key", () => {
  test.each(signers)("$algorithm", ({ blob }) => {
    expect(publicKeyType(blob)).toBe(claimedKeyType(blob));
    for (const wrong of [blob.subarray(0, -1), Buffer.concat([blob, Buffer.of(0)]), blob.subarray(0, 8)]) {
      expect(publicKeyType(wrong)).toBeUndefined();
    }
  });

  test("a key with a field of another length, or of another curve, has none", () => {
    const point = Buffer.alloc(65, 1);
    point[0] = 4;
    const compressed = Buffer.alloc(65, 2);
    for (const wrong of [
      wire("ssh-ed25519", Buffer.alloc(31)),
      wire("sk-ssh-ed25519@openssh.com", Buffer.alloc(31), application),
      wire("sk-ssh-ed25519@openssh.com", Buffer.alloc(32)),
      wire("sk-ssh-ed25519@openssh.com"),
      wire("sk-ecdsa-sha2-nistp256@openssh.com", "nistp256", point),
      wire("sk-ecdsa-sha2-nistp256@openssh.com", "nistp384", point, application),
      wire("ecdsa-sha2-nistp256", "nistp384", point),
      wire("ecdsa-sha2-nistp384", "nistp384", point),
      wire("ecdsa-sha2-nistp256", "nistp256", compressed),
      wire("ssh-rsa", Buffer.of(1, 0, 1)),
      wire("ssh-dss", "p", "q", "g", "y"),
      Buffer.alloc(0),
    ]) {
      expect(publicKeyType(wrong)).toBeUndefined();
    }
    expect(publicKeyType(wire("ecdsa-sha2-nistp256", "nistp256", point))).toBe("ecdsa-sha2-nistp256");
  });

  test("an RSA key of 1024 bits is the shortest valid one", () => {
    expect([publicKeyType(rsaBlob(1, 1024)), publicKeyType(rsaBlob(1, 1016))]).toEqual([
      "ssh-rsa",
      undefined,
    ]);
  });

  test("the bits of an RSA key are those of its modulus, also in a certificate; other keys have none", () => {
    expect([1024, 2048, 3072, 512].map((bits) => rsaKeyBits(rsaBlob(1, bits)))).toEqual([
      1024, 2048, 3072, 512,
    ]);
    const modulus = Buffer.of(0, 0, 0x1f, 0xff);
    expect(rsaKeyBits(wire("ssh-rsa", Buffer.of(3), modulus))).toBe(13);
    expect(rsaKeyBits(wire("ssh-rsa-cert-v01@openssh.com", "nonce", Buffer.of(3), modulus))).toBe(13);
    expect(rsaKeyBits(wire("ssh-rsa", Buffer.of(3), Buffer.of(0, 0)))).toBe(0);
    expect(rsaKeyBits(wire("ssh-rsa", Buffer.of(3)))).toBe(0);
    expect([ed25519Blob(1), ecdsaBlob(1)].map(rsaKeyBits)).toEqual([undefined, undefined]);
  });

  test("a certificate has the type that it claims if it has at least one field", () => {
    const certificate = makeCertificate({ key: makeAuthority().publicKey, authority: makeAuthority() });
    expect(publicKeyType(certificate)).toBe("ssh-ed25519-cert-v01@openssh.com");
    expect(publicKeyType(wire("ssh-ed25519-cert-v01@openssh.com"))).toBeUndefined();
    expect(publicKeyType(wire("x-ssh-ed25519-cert-v01@openssh.com", "x"))).toBeUndefined();
    expect(publicKeyType(wire("ssh-ed25519-cert-v01@openssh.com.evil", "x"))).toBeUndefined();
  });
});
