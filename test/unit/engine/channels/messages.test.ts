import { describe, expect, test } from "vitest";
import { wireString, wireUint32 } from "../../../../src/base/wire.ts";
import {
  clampedUint32,
  encodeDirectStreamlocal,
  encodeDirectTcpip,
  encodeOpen,
  encodePty,
} from "../../../../src/engine/channels/messages.ts";

describe("the messages that open a channel", () => {
  test("the type, number, window and packet size, and the fields of the type (RFC 4254 section 5.1)", () => {
    const open = { type: "direct-tcpip", sender: 7, window: 1000, packet: 100 };
    expect(encodeOpen(open, Buffer.from("rest"))).toEqual(
      Buffer.concat([
        ...[Buffer.of(90), wireString("direct-tcpip"), ...[7, 1000, 100].map(wireUint32)],
        Buffer.from("rest"),
      ]),
    );
  });

  test("direct-tcpip: target and originator, each with its port (RFC 4254 section 7.2)", () => {
    expect(encodeDirectTcpip({ host: "db", port: 5432 }, { host: "127.0.0.1", port: 40_000 })).toEqual(
      Buffer.concat([wireString("db"), wireUint32(5432), wireString("127.0.0.1"), wireUint32(40_000)]),
    );
  });

  test("direct-streamlocal: the path and two reserved fields (OpenSSH's PROTOCOL, section 2.4)", () => {
    expect(encodeDirectStreamlocal("/run/x")).toEqual(
      Buffer.concat([wireString("/run/x"), wireString(""), wireUint32(0)]),
    );
  });

  test("pty-req: the terminal, its size, and modes that end with TTY_OP_END (RFC 4254 sections 6.2 and 8)", () => {
    const modes = Buffer.from("030000007f2a00000001800000960081000096" + "0000", "hex");
    expect(encodePty({ term: "xterm", columns: 80, rows: 24 })).toEqual(
      Buffer.concat([wireString("xterm"), ...[80, 24, 0, 0].map(wireUint32), wireString(modes)]),
    );
  });
});

test.each([
  [-1, 0],
  [0.9, 0],
  [1.9, 1],
  [Number.NaN, 0],
  [2 ** 32 - 1, 2 ** 32 - 1],
  [2 ** 32, 2 ** 32 - 1],
  [Number.POSITIVE_INFINITY, 2 ** 32 - 1],
])("%d becomes the uint32 %d", (value, expected) => {
  expect(clampedUint32(value)).toEqual(wireUint32(expected));
});
