/**
 * Entry point of the worker thread for finite field computations (RFC 4253 section 8, RFC 4419). With 8192 bits they
 * take tens of milliseconds, and more where Node's crypto is BoringSSL (Electron). For a group that the server chose,
 * Node's own class first tests whether it is prime, which takes up to a minute. The worker posts its public number,
 * receives the server's, and posts the shared secret.
 */
import { createDiffieHellmanGroup, randomBytes } from "node:crypto";
import { parentPort, workerData } from "node:worker_threads";

/** A group of RFC 3526 by Node's name, or the server's own. Numbers are big-endian. */
export type DhGroup =
  | { readonly name: string }
  | { readonly prime: Uint8Array; readonly generator: Uint8Array };

/** Undefined: the server's number is not valid for the group. */
export type DhReply = Uint8Array | undefined;

/** OpenSSH's dh.c (dh_gen_key): twice the required strength, here 256 bits. */
const exponentBytes = 64;

function toNumber(bytes: Uint8Array): bigint {
  return bytes.length === 0 ? 0n : BigInt(`0x${Buffer.from(bytes).toString("hex")}`);
}

function toBytes(value: bigint): Buffer {
  const hex = value.toString(16);
  return Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, "hex");
}

/** `base` to the power of `exponent`, with a window of four bits. */
function power(base: bigint, exponent: Uint8Array, modulus: bigint): bigint {
  const powers = [1n];
  for (let index = 1; index < 16; index++) {
    powers.push(((powers[index - 1] ?? 1n) * base) % modulus);
  }
  let result = 1n;
  for (const byte of exponent) {
    for (const digit of [byte >> 4, byte & 15]) {
      for (let square = 0; square < 4; square++) {
        result = (result * result) % modulus;
      }
      result = (result * (powers[digit] ?? 1n)) % modulus;
    }
  }
  return result;
}

/** dh_pub_is_valid of OpenSSH's dh.c. */
function isValid(value: bigint, prime: bigint): boolean {
  const ones = value.toString(2).replaceAll("0", "").length;
  return value > 1n && value < prime - 1n && ones > 3;
}

function run(group: DhGroup): { publicNumber: Uint8Array; secretWith(peer: Uint8Array): DhReply } {
  if ("name" in group) {
    const pair = createDiffieHellmanGroup(group.name);
    const prime = toNumber(pair.getPrime());
    return {
      publicNumber: pair.generateKeys(),
      secretWith: (peer) => (isValid(toNumber(peer), prime) ? pair.computeSecret(peer) : undefined),
    };
  }
  const prime = toNumber(group.prime);
  const exponent = randomBytes(exponentBytes);
  return {
    publicNumber: toBytes(power(toNumber(group.generator) % prime, exponent, prime)),
    secretWith: (peer) => {
      const value = toNumber(peer);
      return isValid(value, prime) ? toBytes(power(value, exponent, prime)) : undefined;
    },
  };
}

const { publicNumber, secretWith } = run(workerData as DhGroup);
parentPort?.postMessage(publicNumber);
parentPort?.once("message", (peer: Uint8Array) => parentPort?.postMessage(secretWith(peer)));
