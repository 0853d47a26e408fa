import { describe, expect, test } from "vitest";
import { SocksRequest, type SocksStep } from "../../../src/forward/socks.ts";

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(" ", ""), "hex");
const ascii = (text: string): string => Buffer.from(text, "latin1").toString("hex");

/** Sends the request in pieces of `size` bytes; returns the replies, and how it ended. */
function feed(bytes: Buffer, size: number): { readonly replies: string; readonly last: SocksStep } {
  const request = new SocksRequest();
  let replies = "";
  let last: SocksStep = { kind: "more" };
  for (let at = 0; at < bytes.length && last.kind === "more"; at += size) {
    last = request.push(bytes.subarray(at, at + size));
    replies += Buffer.from(last.reply ?? []).toString("hex");
  }
  return { replies, last };
}

const good: readonly (readonly [string, string, string, number, string])[] = [
  ["SOCKS 4", "04 01 1f90 0a000001 00", "10.0.0.1", 8080, ""],
  ["SOCKS 4 with a user", `04 01 0050 7f000001 ${ascii("me")} 00`, "127.0.0.1", 80, ""],
  ["SOCKS 4a", `04 01 0050 00000001 00 ${ascii("db.lan")} 00`, "db.lan", 80, ""],
  ["SOCKS 5 with an IPv4 address", "05 01 00 05 01 00 01 7f000001 0050", "127.0.0.1", 80, "0500"],
  ["SOCKS 5 with a name", `05 01 00 05 01 00 03 02 ${ascii("db")} 1538`, "db", 5432, "0500"],
  [
    "SOCKS 5 with an IPv6 address",
    "05 01 00 05 01 00 04 00000000000000000000000000000001 0050",
    "0:0:0:0:0:0:0:1",
    80,
    "0500",
  ],
  [
    "SOCKS 5 that offers a password as well",
    "05 02 02 00 05 01 00 01 7f000001 0050",
    "127.0.0.1",
    80,
    "0500",
  ],
];

describe("a SOCKS client", () => {
  for (const size of [1, 3, 1000]) {
    test.each(good)(`%s, in pieces of ${size}`, (_name, text, host, port, replies) => {
      const fed = feed(hex(text), size);
      expect(fed.last).toMatchObject({ kind: "target", target: { host, port } });
      expect(fed.replies).toBe(replies);
    });
  }

  test("data after its request is kept", () => {
    const { last } = feed(hex(`04 01 0050 7f000001 00 ${ascii("GET /")}`), 1000);
    expect(last.kind === "target" && Buffer.from(last.rest).toString()).toBe("GET /");
  });

  test.each([
    ["HTTP", ascii("GET / HTTP/1.1\r\n\r\n"), ""],
    ["SOCKS 4 BIND", "04 02 0050 7f000001 00", "005b000000000000"],
    ["SOCKS 5 that can only use a password", "05 01 02", "05ff"],
    ["SOCKS 5 without a method", "05 00", "05ff"],
    ["SOCKS 5 BIND", "05 01 00 05 02 00 01 7f000001 0050", "050005070001000000000000"],
    [
      "SOCKS 5 with an unknown address type",
      "05 01 00 05 01 00 09 7f000001 0050",
      "050005080001000000000000",
    ],
    ["SOCKS 5 with an empty name", "05 01 00 05 01 00 03 00 0050", "050005080001000000000000"],
    ["SOCKS 5 that changes to another version", "05 01 00 04 01 00 01 7f000001 0050", "0500"],
    [
      "SOCKS 5 with an invalid name",
      `05 01 00 05 01 00 03 03 ${ascii("a\n1")} 0050`,
      "050005010001000000000000",
    ],
    ["SOCKS 4a with an empty name", "04 01 0050 00000001 00 00", "005b000000000000"],
  ])("%s is refused", (_name, text, replies) => {
    for (const size of [1, 1000]) {
      const fed = feed(hex(text), size);
      expect(fed.last.kind).toBe("malformed");
      expect(fed.replies, `in pieces of ${size}`).toBe(replies);
    }
  });

  test.each([
    ["a user", `04 01 0050 7f000001 ${"61".repeat(65_536)}`],
    ["a name", `04 01 0050 00000001 00 ${"61".repeat(65_536)}`],
  ])("%s of 64 KiB is refused early", (_name, text) => {
    const bytes = hex(text);
    const request = new SocksRequest();
    let taken = 0;
    while (taken < bytes.length && request.push(bytes.subarray(taken, taken + 100)).kind === "more") {
      taken += 100;
    }
    expect(taken).toBeLessThan(2_000);
  });

  test("the reply reports in each version whether the connection was made", () => {
    const four = new SocksRequest();
    four.push(hex("04"));
    const five = new SocksRequest();
    five.push(hex("05"));
    const answers = (["granted", "refused", "not-allowed", "failed"] as const).map((outcome) => [
      four.answer(outcome)[1],
      five.answer(outcome)[1],
    ]);
    expect(answers).toEqual([
      [90, 0],
      [91, 5],
      [91, 2],
      [91, 1],
    ]);
  });
});
