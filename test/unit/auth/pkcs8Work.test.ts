import { generateKeyPairSync } from "node:crypto";
import { describe, expect, it } from "vitest";
import { asksForTooMuch } from "../../../src/auth/keys/pkcs8Work.ts";
import { wireUint32 } from "../../../src/base/wire.ts";

/** An element of DER (ITU-T X.690 section 8.1). */
function element(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(parts);
  const length =
    body.length < 0x80
      ? Buffer.of(body.length)
      : body.length < 0x100
        ? Buffer.of(0x81, body.length)
        : Buffer.of(0x82, body.length >> 8, body.length & 0xff);
  return Buffer.concat([Buffer.of(tag), length, body]);
}

const sequence = (...parts: readonly Uint8Array[]): Buffer => element(0x30, ...parts);
const integer = (...bytes: readonly number[]): Buffer => element(0x02, Buffer.from(bytes));
const rounds = (count: number): Buffer => {
  const bytes = Buffer.alloc(5);
  bytes.writeUInt32BE(count, 1);
  return element(0x02, bytes);
};
const oid = element(0x06, Buffer.of(0x2a, 0x86, 0x48));
const salt = element(0x04, Buffer.alloc(16, 0xff));

/** PBES2 with PBKDF2 (RFC 8018 appendix A), around an encrypted key. */
const block = (count: Buffer, key = Buffer.alloc(300, 0x02)): Buffer =>
  sequence(
    sequence(oid, sequence(sequence(oid, sequence(salt, count)), sequence(oid, salt))),
    element(0x04, key),
  );

/** Nested in this many further sequences. */
const within = (depth: number, inner: Buffer): Buffer =>
  depth === 0 ? inner : sequence(within(depth - 1, inner));

describe("the work that an encrypted key requires", () => {
  it.each([
    ["2048 rounds", block(rounds(2048)), false],
    ["no round", block(integer()), false],
    ["zero rounds", block(integer(0)), false],
    ["ten million rounds", block(rounds(10_000_000)), false],
    ["one round too many", block(rounds(10_000_001)), true],
    ["two billion rounds", block(rounds(2_000_000_000)), true],
    ["four billion rounds", block(rounds(4_294_967_295)), true],
    ["a number of rounds with five digits", block(integer(1, 0, 0, 0, 0)), true],
    ["a number of rounds with eight digits", block(integer(1, 0, 0, 0, 0, 0, 0, 0)), true],
    ["a salt that reads as many rounds", sequence(sequence(element(0x04, rounds(2e9)))), false],
    ["few rounds with leading zeros", block(integer(0, 0, 0, 0, 0, 0, 8)), false],
    ["many rounds at the depth of PKCS #12", sequence(sequence(oid, sequence(salt, rounds(2e9)))), true],
    ["many rounds at the greatest checked depth", sequence(within(8, sequence(rounds(2e9)))), true],
    ["nesting deeper than in any algorithm", sequence(within(9, sequence(rounds(2e9)))), false],
    [
      "a long salt before the rounds",
      sequence(sequence(element(0x04, Buffer.alloc(300)), rounds(2e9))),
      true,
    ],
    ["a number in the encrypted key itself", sequence(sequence(oid), rounds(2e9)), false],
  ])("%s", (_name, der, tooMuch) => {
    expect(asksForTooMuch(der)).toBe(tooMuch);
  });

  it("is not searched for in a truncated block, which OpenSSL refuses", () => {
    const whole = block(rounds(2e9));
    for (let length = 0; length < whole.length; length++) {
      expect(asksForTooMuch(whole.subarray(0, length))).toBe(false);
    }
  });

  it("an element longer than its enclosing one is not searched", () => {
    const liar = sequence(Buffer.of(0x30, 0x20), rounds(2e9));
    expect(asksForTooMuch(sequence(liar, Buffer.alloc(64)))).toBe(false);
  });

  it("lengths may have four bytes, and not more", () => {
    const inner = sequence(rounds(2e9));
    const [length] = [wireUint32(inner.length)];
    expect(asksForTooMuch(Buffer.concat([Buffer.of(0x30, 0x84), length, inner]))).toBe(true);
    for (const more of [1, 2, 3]) {
      const head = Buffer.concat([Buffer.of(0x30, 0x84 + more), Buffer.alloc(more), length]);
      expect(asksForTooMuch(Buffer.concat([head, inner]))).toBe(false);
    }
  });

  it("of a key encrypted by Node is small", () => {
    const { privateKey } = generateKeyPairSync("ed25519");
    const pem = privateKey.export({
      ...{ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "x" },
    });
    const der = Buffer.from(String(pem).split("\n").slice(1, -2).join(""), "base64");
    expect(asksForTooMuch(der)).toBe(false);
  });
});
