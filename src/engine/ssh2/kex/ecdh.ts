import {
  createECDH,
  createPublicKey,
  diffieHellman,
  type ECDH,
  generateKeyPairSync,
  type KeyObject,
} from "node:crypto";
import { wireMpint, wireString } from "../../../base/wire.ts";
import { type AgreementStep, type KeyAgreement, kexMessage, malformed, readReply } from "./keyAgreement.ts";

/** RFC 8410 section 4: the SubjectPublicKeyInfo prefix of an X25519 public key. */
const x25519Prefix = Buffer.from("302a300506032b656e032100", "hex");

/** One X25519 key pair (RFC 7748). */
export class X25519 {
  readonly #privateKey: KeyObject;
  /** 32 bytes. */
  readonly publicKey: Buffer;

  constructor() {
    const { publicKey, privateKey } = generateKeyPairSync("x25519");
    this.#privateKey = privateKey;
    this.publicKey = publicKey.export({ type: "spki", format: "der" }).subarray(-32);
  }

  /** 32 bytes. @throws ConnectError for a key whose secret is all zeros (RFC 8731 section 3). */
  secretWith(peer: Buffer): Buffer {
    if (peer.length !== 32) {
      throw malformed("key exchange value");
    }
    try {
      const publicKey = createPublicKey({
        key: Buffer.concat([x25519Prefix, peer]),
        type: "spki",
        format: "der",
      });
      const secret = diffieHellman({ privateKey: this.#privateKey, publicKey });
      if (secret.every((byte) => byte === 0)) {
        throw malformed("key exchange value");
      }
      return secret;
    } catch (error) {
      throw malformed("key exchange value", error);
    }
  }
}

/** RFC 8731: curve25519-sha256. */
export class Curve25519 implements KeyAgreement {
  readonly hash = "sha256";
  readonly #pair = new X25519();

  start(): Buffer {
    return Buffer.concat([Buffer.of(kexMessage.init), wireString(this.#pair.publicKey)]);
  }

  receive(message: Buffer): AgreementStep {
    const { hostKey, value, signature } = readReply(message, kexMessage.reply);
    const secret = wireMpint(this.#pair.secretWith(value));
    const hashed = Buffer.concat([wireString(this.#pair.publicKey), wireString(value)]);
    return { kind: "agreed", hostKey, signature, hashed, secret };
  }

  cancel(): void {}
}

/** RFC 5656 section 4: the NIST curves. */
export class NistCurve implements KeyAgreement {
  readonly hash: string;
  readonly #pair: ECDH;
  readonly #publicKey: Buffer;

  /** @param curve OpenSSL's name of the curve. */
  constructor(curve: string, hash: string) {
    this.hash = hash;
    this.#pair = createECDH(curve);
    this.#publicKey = this.#pair.generateKeys();
  }

  start(): Buffer {
    return Buffer.concat([Buffer.of(kexMessage.init), wireString(this.#publicKey)]);
  }

  receive(message: Buffer): AgreementStep {
    const { hostKey, value, signature } = readReply(message, kexMessage.reply);
    // Uncompressed points only (RFC 5656 section 3.1 permits refusing others, and OpenSSH refuses them).
    if (value[0] !== 4 || value.length !== this.#publicKey.length) {
      throw malformed("key exchange value");
    }
    let secret: Buffer;
    try {
      secret = this.#pair.computeSecret(value);
    } catch (error) {
      throw malformed("key exchange value", error);
    }
    const hashed = Buffer.concat([wireString(this.#publicKey), wireString(value)]);
    return { kind: "agreed", hostKey, signature, hashed, secret: wireMpint(secret) };
  }

  cancel(): void {}
}
