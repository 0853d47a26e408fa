import { expect, test } from "vitest";
import { PrintedPorts } from "../../../src/terminal/printedPorts.ts";

const found = (...pieces: readonly string[]): string[] => {
  const ports = new PrintedPorts();
  return pieces.flatMap((piece) => ports.push(piece)).map(({ scheme, port }) => `${scheme} ${port}`);
};

test.each([
  ["Listening on http://localhost:3000\r\n", "http 3000"],
  ["https://127.0.0.1:8443/path?x=1 ", "https 8443"],
  ["(http://0.0.0.0:8000/) ...", "http 8000"],
  ["http://[::]:8080/\n", "http 8080"],
  ["http://[::1]:8080/\n", "http 8080"],
  ["  Local:   http://localhost:\u001b[1m5173\u001b[22m/\n", "http 5173"],
  ["\u001b[36mhttp://localhost:\u001b[0;1m4200\u001b[m\n", "http 4200"],
])("%j is the address of a server's port", (text, expected) => {
  expect(found(text)).toEqual([expected]);
});

test.each([
  "http://localhost/\n",
  "http://localhost:0\n",
  "http://localhost:65536\n",
  "http://localhost:123456\n",
  "http://example.org:3000\n",
  "http://localhost.example.org:3000\n",
  "http://10.0.0.1:3000\n",
  "ftp://localhost:3000\n",
  "localhost:3000\n",
  "http:// localhost:3000\n",
])("%j is none", (text) => {
  expect(found(text)).toEqual([]);
});

test("an address that is split over pieces is found once it is complete", () => {
  const text = "at http://localhost:\u001b[1m3000\u001b[22m/\r\n";
  for (let at = 1; at < text.length - 1; at++) {
    expect(new Set(found(text.slice(0, at), text.slice(at)))).toEqual(new Set(["http 3000"]));
  }
  expect(found(...text)).toContain("http 3000");
  expect(found(..."http://localhost:3000")).toEqual([]);
});

test("one piece has at most eight addresses, and a flood of separators costs no more", () => {
  const many = Array.from({ length: 50 }, (_, index) => `http://localhost:${1000 + index} `).join("");
  expect(found(many)).toHaveLength(8);
  expect(found("://".repeat(100_000))).toEqual([]);
});
