import { describe, expect, test } from "vitest";
import { SafePointScanner, type SequenceListener } from "../../../src/terminal/safePointScanner.ts";

function scan(...chunks: string[]): number[] {
  const scanner = new SafePointScanner();
  return chunks.map((chunk) => scanner.scan(chunk));
}

function sequences(...chunks: string[]): string[] {
  const seen: string[] = [];
  const listener: SequenceListener = {
    onSequence: (kind, raw, cut) =>
      seen.push(`${kind}${cut ? " cut" : ""} ${JSON.stringify(raw.slice(0, 40))}`),
    onShift: (code) => seen.push(`shift ${code}`),
  };
  const scanner = new SafePointScanner(listener);
  for (const chunk of chunks) {
    scanner.scan(chunk);
  }
  return seen;
}

describe("safe points", () => {
  test.each([
    ["after a line feed", "ab\n", 3],
    ["after a carriage return", "ab\r", 3],
    ["between printable ASCII", "abc", 2],
    ["not before the first character", "a", -1],
    ["not beside a control", "a\tb", -1],
    ["not before a combining mark", "e\u0301", -1],
    ["nor right after one", "e\u0301x", -1],
    ["not before a zero width joiner or after it", "👩\u200d👩", -1],
    ["not inside a flag", "🇩🇪", -1],
    ["not between a letter and REP", "a\u001b[3b", -1],
    ["not inside CSI", "\u001b[38;5", -1],
    ["not at a line feed inside CSI", "\u001b[3\n1", -1],
    ["not inside OSC", "\u001b]0;title", -1],
    ["not inside DCS", "\u001bPq#0~~\n~~", -1],
    ["not inside APC", "\u001b_Gab\n", -1],
    ["between ideographs", "漢字", 1],
    ["between pictographs", "😀😁", 2],
    ["not between a pictograph and a skin tone", "👍🏽", -1],
    ["after the end of a sequence", "\u001b[31mab", 6],
    ["after a DCS string that CAN ended", "\u001bPq~\u0018ab", 6],
    ["after an OSC string that BEL ended", "\u001b]0;t\u0007ab", 7],
    ["after an 8 bit sequence", "\u009b31mab", 5],
  ])("%s", (_name, text, expected) => {
    expect(scan(text)).toEqual([expected]);
  });

  test("a pair may be in two chunks", () => {
    expect(scan("a", "b")).toEqual([-1, 0]);
    expect(scan("a", "\u0301")).toEqual([-1, -1]);
    expect(scan("\u001b[3", "1mab")).toEqual([-1, 3]);
  });

  test("wide characters are not separated while lines don't wrap", () => {
    expect(scan("\u001b[?7l漢字")).toEqual([-1]);
    expect(scan("\u001b[?25;7l漢字")).toEqual([-1]);
    expect(scan("\u001b[?7l漢字\u001b[?7h漢字")).toEqual([13]);
    expect(scan("\u001b[?77l漢字")).toEqual([7]);
  });
});

describe("sequences", () => {
  test("are reported once, whole, however they were split", () => {
    const text = "a\u001b[1;31mb\u001b]0;t\u0007\u001bP1$r0m\u001b\\\u001b(0\u000e\u009b?25h\u001b_Gx\u009cz";
    const whole = sequences(text);
    expect(whole).toEqual([
      'csi "\\u001b[1;31m"',
      'osc "\\u001b]0;t\\u0007"',
      'dcs "\\u001bP1$r0m"',
      'escape "\\u001b\\\\"',
      'escape "\\u001b(0"',
      "shift 14",
      'csi "\u009b?25h"',
      'apc "\\u001b_Gx"',
    ]);
    expect(sequences(...text)).toEqual(whole);
  });

  test("controls inside are executed, but not in strings", () => {
    expect(
      sequences(
        "\u001b[3\u000e1m\u001b(\u000fB\u001b[1?\u000e2m\u001b]0;\u000et\u0007\u001bP\u000fq\u000f\u001b\\",
      ),
    ).toEqual([
      "shift 14",
      'csi "\\u001b[31m"',
      "shift 15",
      'escape "\\u001b(B"',
      "shift 14",
      'osc "\\u001b]0;\\u000et\\u0007"',
      'dcs "\\u001bP\\u000fq\\u000f"',
      'escape "\\u001b\\\\"',
    ]);
  });

  test("that are malformed or aborted are not reported", () => {
    expect(sequences("\u001b[1?2m\u001b[3\u0018\u001b[é\u001b]0;t\u0018\u001b\u001b[1m")).toEqual([
      'csi "\\u001b[1m"',
    ]);
  });

  test("longer than 64 K are truncated, and what follows is not", () => {
    expect(sequences(`\u001b]52;c;${"A".repeat(40_000)}`, "A".repeat(40_000), "\u0007\u001b[m")).toEqual([
      `osc cut ${JSON.stringify(`\u001b]52;c;${"A".repeat(33)}`)}`,
      'csi "\\u001b[m"',
    ]);
  });
});

test("the kept part of a long sequence does not end with half a character", () => {
  for (const introducer of ["\u001b_", "\u001b_G"]) {
    const scanner = new SafePointScanner();
    scanner.scan(introducer + "😀".repeat(40_000));
    expect(Buffer.from(scanner.unfinished).toString()).toBe(scanner.unfinished);
  }
});

describe("fresh lines", () => {
  test.each([
    ["", true],
    ["a", false],
    ["a\r\n", true],
    ["a\n", false],
    ["a\r", false],
    ["a\r\n\u001b[31m", true],
    ["a\r\n\u001b[2C", false],
    ["a\r\n\t", false],
    ["a\r\n\u001b[3", false],
    ["a\r\n\u001b]0;t\u0007", true],
    ["a\r\né", false],
  ])("%j: %s", (text, expected) => {
    const scanner = new SafePointScanner();
    scanner.scan(text);
    expect(scanner.atFreshLine).toBe(expected);
  });
});
