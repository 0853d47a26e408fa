import crypto, {
  createPublicKey,
  type JsonWebKey,
  type KeyObject,
  type SignKeyObjectInput,
} from "node:crypto";
import { promisify } from "node:util";
import { wireMpint, wireString } from "../../base/wire.ts";
import type { SigningKey } from "../authPorts.ts";
import { signatureName } from "../signatureAlgorithms.ts";

interface Curve {
  readonly name: string;
  readonly hash: string;
  readonly bytes: number;
}

/** By their names in JWK (RFC 7518). RFC 5656 section 6.2.1 defines the hash of each curve. */
const curves: Readonly<Record<string, Curve>> = {
  "P-256": { name: "nistp256", hash: "sha256", bytes: 32 },
  "P-384": { name: "nistp384", hash: "sha384", bytes: 48 },
  "P-521": { name: "nistp521", hash: "sha512", bytes: 66 },
};

/** The shortest RSA key that OpenSSH accepts (RequiredRSASize's default). */
const minimumRsaBits = 1024;
/** The longest number that OpenSSH takes (SSHBUF_MAX_BIGNUM in sshbuf.h). A file may hold one that takes hours to sign with. */
const mostRsaBits = 16_384;

/** In libuv's pool: 4096 bits take 10 ms, 16384 bits a second. */
const sign = promisify<string | null, Uint8Array, SignKeyObjectInput | KeyObject, Buffer>(crypto.sign);

/**
 * Makes a signing key from a private key in memory. Undefined when SSH can't use the key (DSA, Ed448, other curves,
 * RSA under 1024 or above 16384 bits).
 *
 * `sign` resolves to the signature in the wire format of RFC 4253 section 6.6 and RFC 8332: string algorithm, string
 * bytes, where ECDSA's bytes are mpint r, mpint s (RFC 5656 section 3.1.2). It rejects with RangeError when the
 * algorithm doesn't fit the key. SHA-1 (`ssh-rsa`) is used when requested: `requestAlgorithm` requests it only where
 * PubkeyAcceptedAlgorithms allows it.
 */
export function privateKeySigner(key: KeyObject, comment: string): SigningKey | undefined {
  switch (key.asymmetricKeyType) {
    case "rsa":
      return rsaSigner(key, comment);
    case "ec":
      return ecdsaSigner(key, comment);
    case "ed25519":
      return ed25519Signer(key, comment);
    default:
      return undefined;
  }
}

/** The private numbers. The key came from memory, so that it can be exported. */
function privateJwk(key: KeyObject): JsonWebKey {
  return key.export({ format: "jwk" });
}

function publicJwk(key: KeyObject): JsonWebKey {
  return createPublicKey(key).export({ format: "jwk" });
}

function base64Url(text: string | undefined): Buffer {
  return Buffer.from(text ?? "", "base64url");
}

function rsaSigner(key: KeyObject, comment: string): SigningKey | undefined {
  const { modulusLength = 0 } = key.asymmetricKeyDetails ?? {};
  if (modulusLength < minimumRsaBits || modulusLength > mostRsaBits) {
    return undefined;
  }
  const { n, e } = publicJwk(key);
  const hashes: Readonly<Record<string, string>> = {
    ...{ "rsa-sha2-256": "sha256", "rsa-sha2-512": "sha512", "ssh-rsa": "sha1" },
  };
  return {
    type: "ssh-rsa",
    comment,
    forAgent() {
      const { d, qi, p, q } = privateJwk(key);
      const numbers = [n, e, d, qi, p, q].map((number) => wireMpint(base64Url(number)));
      return Buffer.concat([wireString("ssh-rsa"), ...numbers]);
    },
    publicKey: Buffer.concat([wireString("ssh-rsa"), wireMpint(base64Url(e)), wireMpint(base64Url(n))]),
    async sign(data, algorithm) {
      const name = signatureName(algorithm);
      const hash = hashes[name];
      if (hash === undefined) {
        throw new RangeError(`An RSA key does not sign with ${algorithm}`);
      }
      return Buffer.concat([wireString(name), wireString(await sign(hash, data, key))]);
    },
  };
}

function ecdsaSigner(key: KeyObject, comment: string): SigningKey | undefined {
  const { crv, x, y } = publicJwk(key);
  const curve = curves[crv ?? ""];
  if (curve === undefined) {
    return undefined;
  }
  const type = `ecdsa-sha2-${curve.name}`;
  const point = Buffer.concat([Buffer.from([4]), base64Url(x), base64Url(y)]);
  return {
    type,
    comment,
    publicKey: Buffer.concat([wireString(type), wireString(curve.name), wireString(point)]),
    forAgent: () =>
      Buffer.concat([...[type, curve.name, point].map(wireString), wireMpint(base64Url(privateJwk(key).d))]),
    async sign(data, algorithm) {
      requireAlgorithm(type, algorithm);
      const pair = await sign(curve.hash, data, { key, dsaEncoding: "ieee-p1363" });
      const numbers = [pair.subarray(0, curve.bytes), pair.subarray(curve.bytes)].map(wireMpint);
      return Buffer.concat([wireString(type), wireString(Buffer.concat(numbers))]);
    },
  };
}

function ed25519Signer(key: KeyObject, comment: string): SigningKey {
  const type = "ssh-ed25519";
  const point = base64Url(publicJwk(key).x);
  return {
    type,
    comment,
    publicKey: Buffer.concat([wireString(type), wireString(point)]),
    forAgent: () =>
      Buffer.concat([type, point, Buffer.concat([base64Url(privateJwk(key).d), point])].map(wireString)),
    async sign(data, algorithm) {
      requireAlgorithm(type, algorithm);
      return Buffer.concat([wireString(type), wireString(await sign(null, data, key))]);
    },
  };
}

function requireAlgorithm(type: string, algorithm: string): void {
  if (signatureName(algorithm) !== type) {
    throw new RangeError(`A key of type ${type} does not sign with ${algorithm}`);
  }
}
