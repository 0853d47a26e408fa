import { describe, expect, test } from "vitest";
import { ConnectError } from "../../../../src/engine/engineErrors.ts";
import { ServerGreeting } from "../../../../src/engine/transport/serverGreeting.ts";

function read(bytes: Buffer, step = bytes.length): { greeting: ServerGreeting; end: number | undefined } {
  const greeting = new ServerGreeting();
  for (let at = 0; at < bytes.length; at += step) {
    const end = greeting.read(bytes, at, Math.min(at + step, bytes.length));
    if (end !== undefined) {
      return { greeting, end };
    }
  }
  return { greeting, end: undefined };
}

function failure(bytes: Buffer | string, step?: number): unknown {
  try {
    read(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes, step);
    return undefined;
  } catch (error) {
    return ConnectError.is(error) ? error.reason : error;
  }
}

describe("the unencrypted text of a server", () => {
  test("the version line is read, whatever the pieces", () => {
    const clear = "notice\r\nanother\nSSH-2.0-OpenSSH_9.2p1 Debian-2\r\n";
    for (const step of [1, 2, 3, 7, 50, 1000]) {
      const { greeting, end } = read(Buffer.from(`${clear}\0\0packets`), step);
      expect(greeting.version).toBe("OpenSSH_9.2p1 Debian-2");
      expect(greeting.raw?.toString()).toBe("SSH-2.0-OpenSSH_9.2p1 Debian-2");
      expect(greeting.text).toBe("notice\nanother\n");
      expect(end).toBe(clear.length);
    }
  });

  test.each([
    ["SSH-2.0-x\r\n", "x"],
    ["SSH-2.0-x\n", "x"],
    ["SSH-1.99-Cisco-1.25\n", "Cisco-1.25"],
    ["SSH-2.0-\n", ""],
    ["HTTP/1.1 200 Connection established\r\n\r\nSSH-2.0-behind_a_proxy\r\n", "behind_a_proxy"],
    ["220 welcome\r\nSSH-2.0-x y z\r\n", "x y z"],
    [`${"#".repeat(8192)}\nSSH-2.0-x\n`, "x"],
    [`${"line\n".repeat(1024)}SSH-2.0-x\n`, "x"],
    [`SSH-2.0-${"x".repeat(8184)}\n`, "x".repeat(8184)],
  ])("%.40j is accepted", (text, version) => {
    expect(read(Buffer.from(text)).greeting.version).toBe(version);
  });

  test.each([
    ["SSH-1.5-old\n", "protocol-version"],
    ["SSH-1.98-old\n", "protocol-version"],
    ["SSH-3.0-new\n", "protocol-version"],
    ["SSH-2.0\n", "protocol"],
    ["SSH-x.y-z\n", "protocol"],
    ["SSH-99999999999999999999.0-x\n", "protocol"],
    ["a\0b", "not-ssh"],
    ["\u0015\u0003\u0001\u0000\u0002\u0002\u0046", "not-ssh"],
    ["a\rb\n", "not-ssh"],
    ["x".repeat(8193), "not-ssh"],
    [`SSH-2.0-${"x".repeat(8185)}`, "not-ssh"],
    ["line\n".repeat(1025), "not-ssh"],
  ])("%.40j is refused as %s", (text, reason) => {
    for (const step of [1, 100, text.length]) {
      expect(failure(text, step)).toBe(reason);
    }
  });

  test("the text kept for errors is bounded, and includes an incomplete line", () => {
    const { greeting } = read(Buffer.from(`${"line\n".repeat(1000)}`), 7);
    expect(greeting.text).toHaveLength(2048);
    expect(read(Buffer.from("Exceeded MaxStartups")).greeting.text).toBe("Exceeded MaxStartups");
  });

  test("only the first offer counts for errors", () => {
    const greeting = new ServerGreeting();
    const offer = (cipher: string) => ({
      kex: [],
      serverHostKey: [],
      cipher: [cipher],
      hmac: [],
      compress: [],
    });
    greeting.offer = offer("first");
    greeting.offer = offer("second");
    expect(greeting.offer?.cipher).toEqual(["first"]);
  });
});
