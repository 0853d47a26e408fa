import { createSecretKey, randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { ConnectError } from "../../../../../src/engine/engineErrors.ts";
import { GcmCipher } from "../../../../../src/engine/ssh2/kex/gcmCipher.ts";
import { GcmDecipher } from "../../../../../src/engine/ssh2/kex/gcmDecipher.ts";
import { crypto, type OutCipher } from "../../../../../src/engine/ssh2/ssh2Protocol.ts";

const name = "aes-256-gcm";

interface Pair {
  readonly decipher: GcmDecipher;
  readonly received: Buffer[];
  /** Of one packet. */
  encrypted(payload: Buffer): Buffer;
}

function pair(
  iv = randomBytes(12),
  result: (payload: Buffer) => false | number | undefined = () => undefined,
  isSsh2s = false,
): Pair {
  const key = randomBytes(32);
  const received: Buffer[] = [];
  const written: Uint8Array[] = [];
  const onWrite = (data: Uint8Array): void => void written.push(Buffer.from(data));
  const outbound = {
    ...{ onWrite, seqno: 3, cipherInfo: crypto.CIPHER_INFO["aes256-gcm@openssh.com"] },
    ...{ cipherIV: Buffer.from(iv), cipherKey: key },
  };
  const cipher: OutCipher = isSsh2s
    ? (crypto.createCipher({ outbound }) as OutCipher)
    : new GcmCipher({ name, key: createSecretKey(key), iv, sequence: 3, onWrite });
  return {
    decipher: new GcmDecipher({
      ...{ name, key: createSecretKey(key), iv, sequence: 3 },
      onPayload: (payload) => {
        received.push(Buffer.from(payload));
        return result(payload);
      },
    }),
    received,
    encrypted(payload) {
      const packet = cipher.allocPacket(payload.length);
      packet.set(payload, 5);
      cipher.encrypt(packet);
      return Buffer.concat(written.splice(0));
    },
  };
}

/** Gives the bytes in chunks of this size. */
function give(decipher: GcmDecipher, bytes: Buffer, size: number): void {
  for (let at = 0; at < bytes.length; at += size) {
    // In the middle of a larger buffer, which is overwritten afterwards, as a socket does.
    const chunk = Buffer.concat([randomBytes(3), bytes.subarray(at, at + size), randomBytes(2)]);
    expect(decipher.decrypt(chunk, 3, chunk.length - 2)).toBeUndefined();
    chunk.fill(0xee);
  }
}

function refusal(act: () => void): unknown {
  try {
    act();
  } catch (error) {
    return error instanceof ConnectError ? error.reason : error;
  }
  return undefined;
}

const sizes = [1, 2, 3, 4, 5, 16, 19, 20, 21, 37, 1_000, 16_384, 65_536, 131_072];

describe.each([
  ["our own cipher", false],
  ["ssh2's cipher", true],
])("packets of %s", (_, isSsh2s) => {
  test.each(sizes)("in chunks of %i bytes", (size) => {
    const { decipher, received, encrypted } = pair(undefined, undefined, isSsh2s);
    const lengths = [1, 2, 10, 11, 12, 27, 28, 255, 4_000, ...(size < 16 ? [] : [32_768, 34_900, 32_768])];
    const sent = lengths.map((length) => randomBytes(length));
    give(decipher, Buffer.concat(sent.map(encrypted)), size);
    expect(received.map((each) => each.toString("hex"))).toEqual(sent.map((each) => each.toString("hex")));
    expect(decipher.inSeqno).toBe(3 + sent.length);
  });
});

test.each(["00000000000000ff", "00000000ffffffff", "ffffffffffffffff"])(
  "the invocation counter continues after %s (RFC 5647 section 7.1)",
  (counter) => {
    const { decipher, received, encrypted } = pair(Buffer.from(`00010203${counter}`, "hex"));
    give(decipher, Buffer.concat(["one", "two", "three"].map((each) => encrypted(Buffer.from(each)))), 9);
    expect(received.map(String)).toEqual(["one", "two", "three"]);
  },
);

test("a payload has memory of its own, which its owner may free", () => {
  const { decipher, received, encrypted } = pair(undefined, (payload) => {
    (payload.buffer as ArrayBuffer & { transfer(length: number): unknown }).transfer(0);
    return undefined;
  });
  const sent = [randomBytes(32_768), randomBytes(32_768), randomBytes(32_768)];
  give(decipher, Buffer.concat(sent.map(encrypted)), 50_000);
  expect(received.every((each, index) => each.equals(sent[index] ?? each))).toBe(true);
  expect(received.length).toBe(3);
});

test("a receiver that stops gets the rest from where it stopped, also behind a packet of two chunks", () => {
  const { decipher, received, encrypted } = pair(undefined, () => false);
  const bytes = Buffer.concat(["one", "two", "three"].map((each) => encrypted(Buffer.from(each))));
  const length = bytes.length / 3;
  expect(decipher.decrypt(bytes, 0, 7)).toBeUndefined();
  let at = decipher.decrypt(bytes, 7, bytes.length);
  expect(at).toBe(length);
  at = decipher.decrypt(bytes, at ?? 0, bytes.length);
  expect(at).toBe(2 * length);
  expect(decipher.decrypt(bytes, at ?? 0, bytes.length)).toBe(3 * length);
  expect(received.map(String)).toEqual(["one", "two", "three"]);
});

test.each([0, 3, 4, 20, 36, -1, -16])("a changed byte at %i is refused, and nothing is handed on", (at) => {
  for (const size of [7, 1_000]) {
    const { decipher, received, encrypted } = pair();
    const bytes = encrypted(randomBytes(40));
    const index = at < 0 ? bytes.length + at : at;
    bytes[index] = (bytes[index] ?? 0) ^ (index === 3 ? 0x10 : 1);
    // A packet that has become longer waits for its end.
    expect(refusal(() => give(decipher, Buffer.concat([bytes, randomBytes(64)]), size))).toBe("protocol");
    expect(received).toEqual([]);
  }
});

test("a packet that comes twice, or of which one is missing, is refused", () => {
  const { decipher, encrypted } = pair();
  const one = encrypted(Buffer.from("one"));
  give(decipher, one, 1_000);
  expect(refusal(() => give(decipher, one, 1_000))).toBe("protocol");
  const other = pair();
  other.encrypted(Buffer.from("lost"));
  expect(refusal(() => give(other.decipher, other.encrypted(Buffer.from("two")), 1_000))).toBe("protocol");
});

test.each([0, 1, 15, 17, 34_998, 35_008, 0x7fff_fff0, 0xffff_fff0])(
  "a length of %i is refused before its packet is waited for",
  (length) => {
    for (const size of [1, 4]) {
      const head = Buffer.alloc(4);
      head.writeUInt32BE(length);
      expect(refusal(() => give(pair().decipher, head, size))).toBe("protocol");
    }
  },
);

test.each([0, 3, 32, 255])("a padding of %i in 32 bytes is refused", (padding) => {
  const { decipher, packet } = malformed(padding);
  expect(packet.readUInt32BE()).toBe(32);
  expect(refusal(() => give(decipher, packet, 1_000))).toBe("protocol");
});

/** A packet with 32 bytes that claims this padding, and its receiver. */
function malformed(padding: number): { readonly decipher: GcmDecipher; readonly packet: Buffer } {
  const [key, iv] = [createSecretKey(randomBytes(32)), randomBytes(12)];
  const written: Uint8Array[] = [];
  const cipher = new GcmCipher({
    ...{ name, key, iv, sequence: 0 },
    onWrite: (data) => void written.push(Buffer.from(data)),
  } as const);
  const packet = cipher.allocPacket(20);
  packet[4] = padding;
  cipher.encrypt(packet);
  const decipher = new GcmDecipher({ name, key, iv, sequence: 0, onPayload: () => undefined });
  return { decipher, packet: Buffer.concat(written) };
}
