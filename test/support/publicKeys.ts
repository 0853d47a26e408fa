import { wireString } from "../../src/base/wire.ts";

/** Well-formed public key blobs (RFC 4253 section 6.6) that differ by `seed`; their private halves don't exist. */
export function ed25519Blob(seed: number): Buffer {
  return Buffer.concat([wireString("ssh-ed25519"), wireString(Buffer.alloc(32, seed))]);
}

export function ecdsaBlob(seed: number): Buffer {
  const point = Buffer.alloc(65, seed);
  point[0] = 4;
  return Buffer.concat([wireString("ecdsa-sha2-nistp256"), wireString("nistp256"), wireString(point)]);
}

export function rsaBlob(seed: number, bits = 2048): Buffer {
  const modulus = Buffer.alloc(bits / 8 + 1, seed);
  modulus[0] = 0;
  modulus[1] = 0x80 | seed;
  return Buffer.concat([wireString("ssh-rsa"), wireString(Buffer.from([1, 0, 1])), wireString(modulus)]);
}

/** `type base64`, as in `.pub` and known_hosts files. */
export function keyText(blob: Buffer): string {
  return `${blob.subarray(4, 4 + blob.readUInt32BE(0)).toString("latin1")} ${blob.toString("base64")}`;
}
