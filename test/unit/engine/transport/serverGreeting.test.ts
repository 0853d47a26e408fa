import { describe, expect, test } from "vitest";
import { wireString } from "../../../../src/base/wire.ts";
import { ServerGreeting } from "../../../../src/engine/transport/serverGreeting.ts";

function kexInit(): Buffer {
  const lists = ["curve25519-sha256,kex2", "ssh-ed25519", "c1", "c2", "m1", "m2", "none", "zlib", "", ""];
  const payload = Buffer.concat([Buffer.of(20), Buffer.alloc(16), ...lists.map(wireString), Buffer.alloc(5)]);
  const padding = Buffer.alloc(4);
  const body = Buffer.concat([Buffer.of(padding.length), payload, padding]);
  return wireString(body);
}

function read(bytes: Buffer, step: number): ServerGreeting {
  const greeting = new ServerGreeting();
  for (let at = 0; at < bytes.length; at += step) {
    greeting.add(bytes.subarray(at, at + step));
  }
  return greeting;
}

describe("what a server says in clear", () => {
  test("version and algorithms are read, whatever the pieces", () => {
    const bytes = Buffer.concat([Buffer.from("notice\r\nSSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"), kexInit()]);
    for (const step of [1, 2, 7, 50, bytes.length]) {
      const greeting = read(bytes, step);
      expect(greeting.version).toBe("OpenSSH_9.2p1 Debian-2");
      expect(greeting.text).toBe("notice\r\n");
      expect(greeting.offer).toEqual({
        kex: ["curve25519-sha256", "kex2"],
        serverHostKey: ["ssh-ed25519"],
        cipher: ["c1"],
        hmac: ["m1"],
        compress: ["none"],
      });
    }
  });

  test.each([
    ["HTTP/1.1 400 Bad Request\r\n", true],
    ["220 ftp ready\r\n", true],
    ["* OK IMAP\r\n", true],
    ["\u0015\u0003\u0001\u0000\u0002", true],
    ["Authorised use only\r\n", false],
    ["SSH-2.0-x\r\n", false],
  ])("%j is another protocol: %s", (text, other) => {
    expect(read(Buffer.from(text, "latin1"), 1).isOtherProtocol).toBe(other);
  });

  test("garbage and endless text end the reading without an error", () => {
    const garbage = Buffer.concat([
      Buffer.from("SSH-2.0-x\r\n"),
      Buffer.from("ffffffff0014", "hex"),
      Buffer.alloc(200_000, 0xff),
    ]);
    expect(read(garbage, 10_000).offer).toBeUndefined();
    expect(read(Buffer.alloc(200_000, "x"), 10_000).version).toBeUndefined();
    const short = Buffer.concat([Buffer.from("SSH-2.0-x\r\n"), Buffer.from("0000000604140000ffff", "hex")]);
    expect(read(short, 1).offer?.cipher).toEqual([""]);
  });
});
