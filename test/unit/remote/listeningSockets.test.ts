import { expect, test } from "vitest";
import { parseListening } from "../../../src/remote/parse/listeningSockets.ts";

/** A row of /proc/net/tcp. */
function row(local: string, { state = "0A", uid = "1000" } = {}): string {
  const remote = local.replace(/[^:]/g, "0");
  return `   0: ${local} ${remote} ${state} 00000000:00000000 00:00000000 00000000  ${uid}        0 4711 1 0 100 0 0 10 0`;
}

const zeros = "0".repeat(32);

test("ports at loopback and at every address are found, each once", () => {
  const lines = [
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode",
    row("0100007F:0BB8"),
    row("00000000:1F90"),
    row("00000000000000000000000001000000:0BB9"),
    row("0000000000000000FFFF00000100007F:0BBA"),
    row(`${zeros}:1F90`),
  ];
  expect(parseListening(lines, "1000")).toEqual([
    { port: 3000, host: "127.0.0.1" },
    { port: 8080, host: "localhost" },
    { port: 3001, host: "::1" },
    { port: 3002, host: "127.0.0.1" },
  ]);
});

test("other users' ports, connections, other addresses and X11 are left out", () => {
  const lines = [
    row("0100007F:0BB8", { uid: "0" }),
    row("0100007F:0BB8", { uid: "10000" }),
    row("0100007F:0BB8", { state: "01" }),
    row("0200000A:0BB8"),
    row("0100007F:177A"),
    row("0100007F:0000"),
  ];
  expect(parseListening(lines, "1000")).toEqual([]);
});

test("malformed rows are left out, and at most 200 ports are kept", () => {
  expect(parseListening(["", "x", ":::", row("0100007F:0BB8x"), row("7F:0BB8")], "1000")).toEqual([]);
  const many = Array.from({ length: 300 }, (_, port) =>
    row(`0100007F:${(10_000 + port).toString(16).toUpperCase()}`),
  );
  expect(parseListening(many, "1000")).toHaveLength(200);
});
