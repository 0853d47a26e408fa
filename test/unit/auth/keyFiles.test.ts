import { createCipheriv, createPrivateKey, generateKeyPairSync, type JsonWebKey } from "node:crypto";
import { describe, expect, test } from "vitest";
import {
  decipherSection,
  derivationOf,
  parseOpenSshEnvelope,
  parseOpenSshSection,
} from "../../../src/auth/keys/openSshPrivateKey.ts";
import { privateKeyBlock } from "../../../src/auth/keys/pemBlocks.ts";
import { privateKeySigner } from "../../../src/auth/keys/privateKeySigner.ts";
import { requestAlgorithm, signatureName } from "../../../src/auth/signatureAlgorithms.ts";
import { wireMpint, wireString, wireUint32 } from "../../../src/base/wire.ts";
import { verifySignature } from "../../support/signatures.ts";

const decode = (part: string | undefined): Buffer => Buffer.from(part ?? "", "base64url");
const check = wireUint32(7);
const padding = Buffer.of(1, 2, 3, 4, 5);

interface Made {
  readonly type: string;
  /** The fields of the private key, as in PROTOCOL.key. */
  readonly fields: readonly Buffer[];
  readonly algorithms: readonly string[];
}

const jwkOf = (pair: { readonly privateKey: { export(o: { format: "jwk" }): JsonWebKey } }): JsonWebKey =>
  pair.privateKey.export({ format: "jwk" });

function rsa(): Made {
  const { n, e, d, qi, p, q } = jwkOf(generateKeyPairSync("rsa", { modulusLength: 2048 }));
  return {
    type: "ssh-rsa",
    fields: [n, e, d, qi, p, q].map((field) => wireMpint(decode(field))),
    algorithms: ["rsa-sha2-256", "rsa-sha2-512"],
  };
}

function ecdsa(namedCurve: string, curve: string): Made {
  const { x, y, d } = jwkOf(generateKeyPairSync("ec", { namedCurve }));
  const type = `ecdsa-sha2-${curve}`;
  const point = Buffer.concat([Buffer.of(4), decode(x), decode(y)]);
  return { type, fields: [wireString(curve), wireString(point), wireMpint(decode(d))], algorithms: [type] };
}

function ed25519(): Made {
  const { x, d } = jwkOf(generateKeyPairSync("ed25519"));
  return {
    type: "ssh-ed25519",
    fields: [wireString(decode(x)), wireString(Buffer.concat([decode(d), decode(x)]))],
    algorithms: ["ssh-ed25519"],
  };
}

/** The private section of a key file, unencrypted. */
const section = ({ type, fields }: Made, end: Uint8Array = padding): Buffer =>
  Buffer.concat([check, check, wireString(type), ...fields, wireString("a comment"), end]);

const kinds = [
  ed25519(),
  rsa(),
  ecdsa("P-256", "nistp256"),
  ecdsa("P-384", "nistp384"),
  ecdsa("P-521", "nistp521"),
];

describe.each(kinds)("a private key of type $type", (made) => {
  test("is read with its comment, and signs with each of its algorithms and no other", async () => {
    const read = parseOpenSshSection(section(made));
    if (read.kind !== "key") {
      throw new Error(`it is ${read.kind}`);
    }
    expect(read.comment).toBe("a comment");
    const signer = privateKeySigner(read.key, read.comment);
    expect([signer?.type, signer?.comment]).toEqual([made.type, "a comment"]);
    const data = Buffer.from("data");
    for (const algorithm of made.algorithms) {
      const signature = await signer?.sign(data, algorithm);
      expect(verifySignature(signer?.publicKey ?? Buffer.alloc(0), data, signature ?? Buffer.alloc(0))).toBe(
        true,
      );
    }
    await expect(signer?.sign(data, "ssh-dss")).rejects.toThrow(RangeError);
  });

  test("that is truncated or has different padding is malformed", () => {
    const whole = section(made, Buffer.alloc(0));
    for (let length = 12; length < whole.length; length += 11) {
      expect(parseOpenSshSection(whole.subarray(0, length)).kind).not.toBe("key");
    }
    expect(parseOpenSshSection(section(made, Buffer.of(1, 2, 4))).kind).toBe("malformed");
    expect(parseOpenSshSection(section(made, Buffer.alloc(0))).kind).toBe("key");
  });
});

describe("the private section of a key file", () => {
  test("with different or missing check numbers is garbled", () => {
    const garbled = Buffer.concat([check, wireUint32(8), section(ed25519()).subarray(8)]);
    expect(parseOpenSshSection(garbled)).toEqual({ kind: "garbled" });
    expect(parseOpenSshSection(Buffer.alloc(3))).toEqual({ kind: "garbled" });
    expect(parseOpenSshSection(Buffer.alloc(4))).toEqual({ kind: "garbled" });
  });

  test("an ECDSA number may have one leading zero or be shorter than the curve, and not be longer", async () => {
    const { type, fields, algorithms } = ecdsa("P-256", "nistp256");
    const [curve = Buffer.alloc(0), at = Buffer.alloc(0), secret = Buffer.alloc(0)] = fields;
    const number = Buffer.concat([Buffer.alloc(32), secret.subarray(4)]).subarray(-32);
    const kindOf = (bytes: Buffer): string =>
      parseOpenSshSection(section({ type, algorithms, fields: [curve, at, wireString(bytes)] })).kind;
    expect(kindOf(number)).toBe("key");
    expect(kindOf(Buffer.concat([Buffer.alloc(1), number]))).toBe("key");
    expect(kindOf(Buffer.concat([Buffer.alloc(2), number]))).toBe("malformed");
  });

  test("an RSA number may have 16384 bits and a leading zero", () => {
    const { fields, type, algorithms } = rsa();
    const longest = Buffer.concat([Buffer.of(0x80), Buffer.alloc(2047, 1)]);
    const long = { type, algorithms, fields: [wireMpint(longest), ...fields.slice(1)] };
    expect(parseOpenSshSection(section(long)).kind).toBe("key");
  });

  test("with an unknown type is unsupported, and without a type malformed", () => {
    expect(parseOpenSshSection(section({ type: "ssh-dss", fields: [], algorithms: [] }))).toEqual({
      kind: "unsupported",
      type: "ssh-dss",
    });
    expect(parseOpenSshSection(Buffer.concat([check, check, Buffer.of(0)]))).toEqual({ kind: "malformed" });
  });

  const point = (length: number, first = 4): Buffer => {
    const bytes = Buffer.alloc(length, 1);
    bytes[0] = first;
    return wireString(bytes);
  };
  const big = wireString(Buffer.alloc(2050, 1));
  const small = wireMpint(Buffer.of(5));
  test.each([
    ["ssh-ed25519", [wireString(Buffer.alloc(31)), wireString(Buffer.alloc(64))]],
    ["ssh-ed25519", [wireString(Buffer.alloc(32)), wireString(Buffer.alloc(63))]],
    ["ecdsa-sha2-nistp256", [wireString("nistp256"), point(64), wireMpint(Buffer.alloc(32, 1))]],
    ["ecdsa-sha2-nistp256", [wireString("nistp256"), point(65, 2), wireMpint(Buffer.alloc(32, 1))]],
    ["ecdsa-sha2-nistp256", [wireString("nistp256"), point(65), wireString(Buffer.alloc(34, 1))]],
    ["ecdsa-sha2-nistp256", [wireString("nistp256"), point(65), wireMpint(Buffer.alloc(32, 1))]],
    ["ssh-rsa", [big, small, small, small, small, small]],
    ["ssh-rsa", [small, small, small, small, wireMpint(Buffer.of(1)), small]],
    ["ssh-rsa", [small, small, small, small, small, wireMpint(Buffer.of(1))]],
    ["ssh-rsa", [small, small, small, small, wireString(""), small]],
  ])("%s with impossible numbers is malformed", (type, fields) => {
    expect(parseOpenSshSection(section({ type, fields, algorithms: [] }))).toEqual({ kind: "malformed" });
  });
});

describe("the envelope of a key file", () => {
  const envelope = (
    changes: { cipher?: string; kdf?: string; count?: number; tag?: Buffer; encrypted?: Buffer } = {},
  ): Buffer =>
    Buffer.concat([
      Buffer.from("openssh-key-v1\0"),
      wireString(changes.cipher ?? "aes256-ctr"),
      wireString(changes.kdf ?? "bcrypt"),
      wireString(Buffer.concat([wireString("salt"), wireUint32(16)])),
      wireUint32(changes.count ?? 1),
      wireString("public"),
      wireString(changes.encrypted ?? "encrypted"),
      changes.tag ?? Buffer.alloc(0),
    ]);

  test("says how it is encrypted", () => {
    expect(parseOpenSshEnvelope(envelope())).toEqual({
      cipher: "aes256-ctr",
      kdf: "bcrypt",
      kdfOptions: Buffer.concat([wireString("salt"), wireUint32(16)]),
      publicKey: Buffer.from("public"),
      encrypted: Buffer.from("encrypted"),
      tag: Buffer.alloc(0),
    });
  });

  test("that is truncated, of another format, of two keys, or half encrypted is rejected", () => {
    const whole = envelope();
    for (let length = 0; length < whole.length; length++) {
      expect(parseOpenSshEnvelope(whole.subarray(0, length))).toBeUndefined();
    }
    for (const wrong of [{ count: 2 }, { count: 0 }, { cipher: "none" }, { kdf: "none" }]) {
      expect(parseOpenSshEnvelope(envelope(wrong))).toBeUndefined();
    }
    const otherVersion = Buffer.from(whole.toString("latin1").replace("-v1", "-v2"), "latin1");
    expect(parseOpenSshEnvelope(otherVersion)).toBeUndefined();
    expect(parseOpenSshEnvelope(envelope({ cipher: "none", kdf: "none" }))?.cipher).toBe("none");
  });

  const ciphers = [
    ["aes256-ctr", "aes-256-ctr", 32, 16],
    ["aes192-ctr", "aes-192-ctr", 24, 16],
    ["aes128-ctr", "aes-128-ctr", 16, 16],
    ["aes256-cbc", "aes-256-cbc", 32, 16],
    ["aes192-cbc", "aes-192-cbc", 24, 16],
    ["aes128-cbc", "aes-128-cbc", 16, 16],
    ["3des-cbc", "des-ede3-cbc", 24, 8],
    ["aes256-gcm@openssh.com", "aes-256-gcm", 32, 12],
    ["aes128-gcm@openssh.com", "aes-128-gcm", 16, 12],
  ] as const;

  test.each(ciphers)("%s is decrypted with the derived key and vector", (cipher, name, keyBytes, ivBytes) => {
    const derived = Buffer.from(Array.from({ length: keyBytes + ivBytes }, (_, at) => at * 7));
    const clear = Buffer.alloc(48, "clear");
    const isGcm = name === "aes-256-gcm" || name === "aes-128-gcm";
    const [key, vector] = [derived.subarray(0, keyBytes), derived.subarray(keyBytes)];
    let encrypted: Buffer;
    let tag: Buffer = Buffer.alloc(0);
    if (isGcm) {
      const encipher = createCipheriv(name, key, vector);
      encrypted = Buffer.concat([encipher.update(clear), encipher.final()]);
      tag = encipher.getAuthTag();
    } else {
      const encipher = createCipheriv(name, key, vector).setAutoPadding(false);
      encrypted = Buffer.concat([encipher.update(clear), encipher.final()]);
    }
    const parsed = parseOpenSshEnvelope(envelope({ cipher, encrypted, tag }));
    if (parsed === undefined) {
      throw new Error("the envelope was refused");
    }
    expect(derivationOf(parsed)).toEqual({
      salt: Buffer.from("salt"),
      rounds: 16,
      length: keyBytes + ivBytes,
    });
    expect(decipherSection(parsed, derived)).toEqual(clear);
    expect(decipherSection({ ...parsed, tag: Buffer.alloc(isGcm ? 15 : 1) }, derived)).toBeUndefined();
    if (isGcm) {
      expect(decipherSection({ ...parsed, tag: Buffer.alloc(16) }, derived)).toBeUndefined();
    }
  });

  test("an unknown cipher or derivation has none", () => {
    const parsed = parseOpenSshEnvelope(envelope());
    if (parsed === undefined) {
      throw new Error("the envelope was refused");
    }
    for (const wrong of [
      { cipher: "chacha20" },
      { kdf: "argon2" },
      { kdfOptions: wireString("salt") },
      { kdfOptions: Buffer.alloc(0) },
    ]) {
      expect(derivationOf({ ...parsed, ...wrong })).toBeUndefined();
    }
    expect(decipherSection({ ...parsed, cipher: "chacha20" }, Buffer.alloc(48))).toBeUndefined();
    expect(decipherSection({ ...parsed, cipher: "aes256-cbc" }, Buffer.alloc(48))).toBeUndefined();
  });
});

test("a key that SSH does not support gives no signer", () => {
  const useless = [
    generateKeyPairSync("ed448"),
    generateKeyPairSync("ec", { namedCurve: "secp256k1" }),
    generateKeyPairSync("rsa", { modulusLength: 1016 }),
  ];
  expect(useless.map(({ privateKey }) => privateKeySigner(privateKey, ""))).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
  const shortest = generateKeyPairSync("rsa", { modulusLength: 1024 }).privateKey;
  expect(privateKeySigner(shortest, "")?.type).toBe("ssh-rsa");
  // Node does not check that the numbers fit each other.
  const numbers = shortest.export({ format: "jwk" });
  const withBits = (bits: number) => {
    const n = Buffer.alloc(Math.ceil(bits / 8), 1);
    n[0] = 1 << ((bits - 1) % 8);
    return createPrivateKey({ key: { ...numbers, n: n.toString("base64url") }, format: "jwk" });
  };
  expect(privateKeySigner(withBits(16_384), "")?.type).toBe("ssh-rsa");
  expect(privateKeySigner(withBits(16_385), "")).toBeUndefined();
});

describe("the private key in a PEM file", () => {
  const block = (label: string, ...lines: readonly string[]): string =>
    [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""].join("\n");

  test.each([
    "PRIVATE KEY",
    "OPENSSH PRIVATE KEY",
    "RSA PRIVATE KEY",
    "EC PRIVATE KEY",
    "DSA PRIVATE KEY",
    "ENCRYPTED PRIVATE KEY",
  ])("%s is found after text and other blocks", (label) => {
    const text = `text\n${block("EC PARAMETERS", "AA")}\ufeff${block(label, "AB", "CD")}${block(label, "EF")}`;
    expect(privateKeyBlock(text)).toEqual({ label, body: "AB\nCD\n", pem: block(label, "AB", "CD") });
    expect(privateKeyBlock(text.replaceAll("\n", "\r\n"))?.body).toBe("AB\nCD\n");
    expect(privateKeyBlock(text.replaceAll("\n", "\r"))?.body).toBe("AB\nCD\n");
  });

  test("without one the first block counts; a block without an end is ignored", () => {
    expect(privateKeyBlock(block("CERTIFICATE", "AA") + block("X509 CRL", "BB"))?.label).toBe("CERTIFICATE");
    expect(privateKeyBlock("-----BEGIN PRIVATE KEY-----\nAA\n")).toBeUndefined();
    expect(
      privateKeyBlock("-----BEGIN PRIVATE KEY-----\nAA\n-----END RSA PRIVATE KEY-----\n"),
    ).toBeUndefined();
    expect(privateKeyBlock("")).toBeUndefined();
    expect(privateKeyBlock(block("MY PRIVATE KEYS", "AA") + block("PRIVATE KEY", "BB"))?.body).toBe("BB\n");
  });

  test("its last line may be followed by blanks", () => {
    const text = block("PRIVATE KEY", "AA").replace(/\n$/, " \t\n");
    expect(privateKeyBlock(text)?.body).toBe("AA\n");
  });

  test("a block that starts again discards what preceded", () => {
    expect(privateKeyBlock(`-----BEGIN PRIVATE KEY-----\nAA\n${block("PRIVATE KEY", "BB")}`)?.body).toBe(
      "BB\n",
    );
  });
});

describe("the algorithm for offering a key", () => {
  test.each([
    ["ssh-ed25519", undefined, undefined, "ssh-ed25519"],
    ["ssh-ed25519", ["ssh-rsa"], ["ssh-ed25519"], undefined],
    ["ssh-rsa", undefined, ["rsa-sha2-256", "rsa-sha2-512"], "rsa-sha2-512"],
    ["ssh-rsa", ["rsa-sha2-256", "rsa-sha2-512"], ["rsa-sha2-512", "rsa-sha2-256"], "rsa-sha2-256"],
    ["ssh-rsa", undefined, undefined, undefined],
    ["ssh-rsa", ["rsa-sha2-512", "ssh-rsa"], undefined, "ssh-rsa"],
    ["ssh-rsa", undefined, ["ssh-ed25519"], undefined],
    ["ssh-rsa-cert-v01@openssh.com", undefined, ["rsa-sha2-512"], "rsa-sha2-512-cert-v01@openssh.com"],
    ["ssh-rsa-cert-v01@openssh.com", undefined, ["rsa-sha2-256"], "rsa-sha2-256-cert-v01@openssh.com"],
  ])("%s, accepted: %j, announced: %j", (type, accepted, announced, expected) => {
    expect(requestAlgorithm(type, accepted, announced)).toBe(expected);
  });

  test("a certificate's algorithm signs with the name of its key's algorithm", () => {
    expect(signatureName("rsa-sha2-512-cert-v01@openssh.com")).toBe("rsa-sha2-512");
    expect(signatureName("sk-ssh-ed25519-cert-v01@openssh.com")).toBe("sk-ssh-ed25519@openssh.com");
    expect(signatureName("ssh-ed25519")).toBe("ssh-ed25519");
  });
});
