import * as nodeCrypto from "node:crypto";
import { createHash, type KeyObject } from "node:crypto";
import { wireString } from "../../../base/wire.ts";
import { X25519 } from "./ecdh.ts";
import { type AgreementStep, type KeyAgreement, kexMessage, malformed, readReply } from "./keyAgreement.ts";

/** ML-KEM-768 (FIPS 203): the length of a public key and of a ciphertext. */
const publicLength = 1184;
const ciphertextLength = 1088;

/** One ML-KEM-768 key pair. */
export interface KemPair {
  readonly publicKey: Uint8Array;
  decapsulate(ciphertext: Uint8Array): Uint8Array;
}

export type MakeKemPair = () => KemPair;

/** In node:crypto since 24.7, with OpenSSL 3.5; the types of Node 20 don't have it. */
interface NativeKem {
  generateKeyPairSync(type: "ml-kem-768"): { readonly publicKey: KeyObject; readonly privateKey: KeyObject };
  decapsulate?(privateKey: KeyObject, ciphertext: Uint8Array): Buffer;
}

/** Undefined where Node or its OpenSSL is older. */
export function nativeKem(): MakeKemPair | undefined {
  const native = nodeCrypto as unknown as NativeKem;
  const decapsulate = native.decapsulate;
  if (decapsulate === undefined) {
    return undefined;
  }
  const make: MakeKemPair = () => {
    const { publicKey, privateKey } = native.generateKeyPairSync("ml-kem-768");
    return {
      publicKey: publicKey.export({ type: "spki", format: "der" }).subarray(-publicLength),
      decapsulate: (ciphertext) => decapsulate(privateKey, ciphertext),
    };
  };
  try {
    make();
    return make;
  } catch {
    return undefined;
  }
}

/** Loaded only when needed: reading and compiling it takes 25 to 50 ms. */
export async function nobleKem(): Promise<MakeKemPair> {
  const { ml_kem768 } = await import("@noble/post-quantum/ml-kem.js");
  return () => {
    const { publicKey, secretKey } = ml_kem768.keygen();
    return { publicKey, decapsulate: (ciphertext) => ml_kem768.decapsulate(ciphertext, secretKey) };
  };
}

let best: Promise<MakeKemPair> | undefined;

/** The native implementation if there is one. A second call costs nothing. */
export function loadKem(): Promise<MakeKemPair> {
  if (best === undefined) {
    const native = nativeKem();
    best = native === undefined ? nobleKem() : Promise.resolve(native);
  }
  return best;
}

/** Makes the first exchange as fast as later ones. Never rejects. */
export async function warmUpKem(): Promise<void> {
  try {
    (await loadKem())();
  } catch {
    // It fails again for the connection that needs it, which reports it.
  }
}

/** C_INIT of `mlkem768x25519-sha256` is a public key of ML-KEM-768 and one of X25519. */
export const mlKemInitLength = publicLength + 32;

/**
 * The other side of `MlKem768X25519`.
 * @param init C_INIT
 * @returns S_REPLY, and K before its encoding
 * @throws ConnectError `protocol`, also as a rejection
 */
export async function answerMlKem(
  init: Buffer,
): Promise<{ readonly reply: Buffer; readonly secret: Buffer }> {
  if (init.length !== mlKemInitLength) {
    throw malformed("key exchange value");
  }
  const { ml_kem768 } = await import("@noble/post-quantum/ml-kem.js");
  let kem: { readonly cipherText: Uint8Array; readonly sharedSecret: Uint8Array };
  try {
    kem = ml_kem768.encapsulate(init.subarray(0, publicLength));
  } catch (error) {
    throw malformed("key exchange value", error);
  }
  const pair = new X25519();
  const ecSecret = pair.secretWith(init.subarray(publicLength));
  return {
    reply: Buffer.concat([kem.cipherText, pair.publicKey]),
    secret: createHash("sha256").update(kem.sharedSecret).update(ecSecret).digest(),
  };
}

/** `mlkem768x25519-sha256` (draft-ietf-sshm-mlkem-hybrid-kex): secure as long as either part is. */
export class MlKem768X25519 implements KeyAgreement {
  readonly hash = "sha256";
  readonly #load: () => Promise<MakeKemPair>;
  readonly #pair = new X25519();
  #kem: KemPair | undefined;

  constructor(load: () => Promise<MakeKemPair> = loadKem) {
    this.#load = load;
  }

  async start(): Promise<Buffer> {
    this.#kem = (await this.#load())();
    return Buffer.concat([Buffer.of(kexMessage.init), wireString(this.#init(this.#kem))]);
  }

  receive(message: Buffer): AgreementStep {
    const { hostKey, value, signature } = readReply(message, kexMessage.reply);
    const kem = this.#kem;
    if (kem === undefined || value.length !== ciphertextLength + 32) {
      throw malformed("key exchange value");
    }
    const ecSecret = this.#pair.secretWith(value.subarray(ciphertextLength));
    let kemSecret: Uint8Array;
    try {
      kemSecret = kem.decapsulate(value.subarray(0, ciphertextLength));
    } catch (error) {
      throw malformed("key exchange value", error);
    }
    const secret = createHash("sha256").update(kemSecret).update(ecSecret).digest();
    const hashed = Buffer.concat([wireString(this.#init(kem)), wireString(value)]);
    return { kind: "agreed", hostKey, signature, hashed, secret: wireString(secret) };
  }

  cancel(): void {}

  /** C_INIT */
  #init(kem: KemPair): Buffer {
    return Buffer.concat([kem.publicKey, this.#pair.publicKey]);
  }
}
