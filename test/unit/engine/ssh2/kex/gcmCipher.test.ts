import { createDecipheriv, createSecretKey, randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { GcmCipher, isGcm } from "../../../../../src/engine/ssh2/kex/gcmCipher.ts";
import { crypto, type InCipher } from "../../../../../src/engine/ssh2/ssh2Protocol.ts";

/** The cipher, what it has written, and the payloads that ssh2's own decryption finds in it. */
function pair(ssh: string, iv: Buffer): { cipher: GcmCipher; written: Buffer[]; payloads(): Buffer[] } {
  const info = crypto.CIPHER_INFO[ssh];
  const name = info?.sslName ?? "";
  if (info === undefined || !isGcm(name)) {
    throw new Error(`${ssh} is not AES-GCM`);
  }
  const key = randomBytes(info.keyLen);
  const written: Buffer[] = [];
  const onWrite = (data: Uint8Array): void => void written.push(data as Buffer);
  const cipher = new GcmCipher({ name, key: createSecretKey(key), iv, sequence: 7, onWrite });
  return {
    cipher,
    written,
    payloads() {
      const found: Buffer[] = [];
      const inbound = {
        onPayload: (payload: Buffer) => void found.push(payload),
        ...{ seqno: 7, decipherInfo: info, decipherIV: Buffer.from(iv), decipherKey: key },
      };
      const all = Buffer.concat(written);
      (crypto.createDecipher({ inbound }) as InCipher).decrypt(all, 0, all.length);
      return found;
    },
  };
}

function send(cipher: GcmCipher, payload: Buffer): Buffer {
  const packet = cipher.allocPacket(payload.length);
  payload.copy(packet, 5);
  cipher.encrypt(packet);
  return packet;
}

const fixed = Buffer.from("00010203", "hex");

describe.each(["aes128-gcm@openssh.com", "aes256-gcm@openssh.com"])("%s", (ssh) => {
  test("packets of any length are what ssh2 decrypts, in order, though they are made in the same memory", () => {
    const { cipher, payloads } = pair(ssh, Buffer.concat([fixed, randomBytes(8)]));
    const sent = [1, 2, 10, 11, 12, 15, 16, 17, 255, 32_768, 34_900].map((length) => randomBytes(length));
    for (const payload of sent) {
      send(cipher, payload);
    }
    expect(payloads().map((each) => each.toString("hex"))).toEqual(sent.map((each) => each.toString("hex")));
    expect(cipher.outSeqno).toBe(7 + sent.length);
  });

  test.each(["00000000000000ff", "00000000ffffffff", "ffffffffffffffff"])(
    "the invocation counter continues after %s (RFC 5647 section 7.1)",
    (counter) => {
      const { cipher, payloads } = pair(ssh, Buffer.concat([fixed, Buffer.from(counter, "hex")]));
      send(cipher, Buffer.from("one"));
      send(cipher, Buffer.from("two"));
      expect(payloads().map(String)).toEqual(["one", "two"]);
    },
  );
});

test("a packet that is larger than the memory is encrypted whole", () => {
  const [key, iv, payload] = [randomBytes(16), randomBytes(12), randomBytes(100_000)];
  const written: Uint8Array[] = [];
  const cipher = new GcmCipher({
    ...{ name: "aes-128-gcm", key: createSecretKey(key), iv, sequence: 0 },
    onWrite: (data) => void written.push(data),
  });
  send(cipher, payload);
  const [head = Buffer.alloc(0), body = Buffer.alloc(0), tag = Buffer.alloc(0)] = written;
  const decipher = createDecipheriv("aes-128-gcm", key, iv).setAAD(head).setAuthTag(tag);
  const plain = Buffer.concat([decipher.update(body), decipher.final()]);
  expect(plain.subarray(1, -(plain[0] ?? 0)).equals(payload)).toBe(true);
});

test("the sequence number wraps at 2^32 (RFC 4253 section 6.4)", () => {
  const { cipher } = pair("aes128-gcm@openssh.com", randomBytes(12));
  cipher.outSeqno = 0xffffffff;
  send(cipher, Buffer.from("x"));
  expect(cipher.outSeqno).toBe(0);
});

test("padding has 4 to 19 bytes, makes whole blocks, and is never the same", () => {
  const { cipher } = pair("aes128-gcm@openssh.com", randomBytes(12));
  const seen = new Set<string>();
  for (let length = 1; length <= 2_000; length++) {
    const packet = cipher.allocPacket(length);
    const padded = packet[4] ?? 0;
    expect(packet.readUInt32BE()).toBe(packet.length - 4);
    expect((packet.length - 4) % 16).toBe(0);
    expect(padded).toBeGreaterThanOrEqual(4);
    expect(padded).toBeLessThan(20);
    expect(packet.length).toBe(5 + length + padded);
    if (padded >= 12) {
      seen.add(packet.subarray(-padded).toString("hex"));
    }
  }
  expect(seen.size).toBeGreaterThan(900);
});

test("nothing is written after the end", () => {
  const { cipher, written } = pair("aes128-gcm@openssh.com", randomBytes(12));
  cipher.free();
  send(cipher, Buffer.from("x"));
  expect(written).toEqual([]);
});
