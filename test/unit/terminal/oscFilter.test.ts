import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { OscFilter, type OscListener } from "../../../src/terminal/oscFilter.ts";
import { chunkSizes, pieces } from "./support/streams.ts";

/** The text that a filter passed, and what it reported. */
class Reports implements OscListener {
  limit = 12;
  readonly titles: string[] = [];
  readonly copies: string[] = [];
  tooMuch = 0;
  title(text: string): void {
    this.titles.push(text);
  }
  clipboardLimit(): number {
    return this.limit;
  }
  copy(text: string): void {
    this.copies.push(text);
  }
  tooMuchToCopy(): void {
    this.tooMuch++;
  }
}

function filterAll(chunks: readonly string[], reports = new Reports()): string {
  const filter = new OscFilter(reports);
  return chunks.map((chunk) => filter.filter(chunk)).join("") + filter.flush();
}

const base64 = (text: string): string => Buffer.from(text).toString("base64");

const directories = [
  "\u001b]7;file://web1/home/me\u0007",
  "\u001b]7;file://web1/home/me\u001b\\",
  "\u009d7;file:///tmp\u009c",
  "\u001b]633;P;Cwd=/home/me\u0007",
  "\u001b]633;P;Cwd=/home/me;nonce\u0007",
  "\u001b]1337;CurrentDir=/home/me\u0007",
  "\u001b]9;9;C:\\Users\u0007",
  "\u001b]007;x\u0007",
  "\u001b]\u00007\u0001;x\u0007",
];
const others = [
  "\u001b]633;A\u0007",
  "\u001b]633;P;IsWindows=False\u0007",
  "\u001b]633;P;Prompt=x\u0007",
  "\u001b]133;D;0\u0007",
  "\u001b]0;title\u0007",
  "\u001b]2;title\u001b\\",
  "\u001b]77;x\u0007",
  "\u001b]520;x\u0007",
  "\u001b]9;4;1;50\u0007",
  "\u001b]1337;SetMark\u0007",
  "\u001b[7m",
  "\u001b7",
  "7;text",
];
const clipboard = [
  `\u001b]52;c;${base64("copied")}\u0007`,
  `\u001b]52;;${base64("copied")}\u001b\\`,
  `\u009d052;s0;${base64("copied")}\u009c`,
  `\u001b]5\u00002;pc;${base64("copied")}\u0007`,
];

describe("directories of the remote machine", () => {
  test.each(directories)("%j is removed, in any chunks", (sequence) => {
    const text = `before${sequence}after`;
    expect(filterAll([text])).toBe("beforeafter");
    expect(filterAll([...text])).toBe("beforeafter");
  });

  test.each(others)("%j passes", (sequence) => {
    const text = `before${sequence}after`;
    expect(filterAll([text])).toBe(text);
    expect(filterAll([...text])).toBe(text);
  });

  test("an aborted one removes nothing of the following text", () => {
    expect(filterAll(["\u001b]7;file://x\u0018text"])).toBe("\u0018text");
    expect(filterAll(["\u001b]7;file://x", "\u001b[1mtext"])).toBe("\u001b[1mtext");
    expect(filterAll([..."\u001b]7;file://x\u001b]0;t\u0007text"])).toBe("\u001b]0;t\u0007text");
  });

  test("nothing is kept of one that never ends", () => {
    const reports = new Reports();
    const filter = new OscFilter(reports);
    for (const begin of ["\u001b]7;", "\u001b]52;c;", `\u001b]${"0".repeat(1000)}`]) {
      let passed = filter.filter(begin);
      for (let part = 0; part < 100; part++) {
        passed += filter.filter("x".repeat(1000));
      }
      expect(passed + filter.filter("\u0007text")).toBe("text");
    }
    expect([reports.tooMuch, filter.directory]).toEqual([1, undefined]);
  });
});

describe("clipboard writes of a program", () => {
  test.each(clipboard)("%j is reported and removed, in any chunks", (sequence) => {
    for (const chunks of [[`before${sequence}after`], [...`before${sequence}after`]]) {
      const reports = new Reports();
      expect(filterAll(chunks, reports)).toBe("beforeafter");
      expect([reports.copies, reports.tooMuch]).toEqual([["copied"], 0]);
    }
  });

  test.each([
    ["is a query", "\u001b]52;c;?\u0007"],
    ["is for the primary selection", `\u001b]52;p;${base64("x")}\u0007`],
    ["is not base64", "\u001b]52;c;!\u0007"],
    ["is empty", "\u001b]52;c;\u0007"],
    ["is aborted", `\u001b]52;c;${base64("x")}\u001a`],
  ])("is neither reported nor passed on if it %s", (_name, sequence) => {
    const reports = new Reports();
    expect(filterAll([`a${sequence}b`], reports).replace("\u001a", "")).toBe("ab");
    expect([reports.copies, reports.tooMuch]).toEqual([[], 0]);
  });

  test("is limited in bytes: at the limit it is reported, above it only as too large", () => {
    for (const [size, copies, tooMuch] of [
      [12, 1, 0],
      [13, 0, 1],
      [1_000_000, 0, 1],
    ] as const) {
      const reports = new Reports();
      filterAll([`\u001b]52;c;${base64("x".repeat(size))}\u0007`], reports);
      expect([reports.copies.length, reports.tooMuch], String(size)).toEqual([copies, tooMuch]);
    }
  });

  test("is dropped silently if it is not allowed", () => {
    const reports = new Reports();
    reports.limit = 0;
    expect(filterAll([...clipboard], reports)).toBe("");
    expect([reports.copies, reports.tooMuch]).toEqual([[], 0]);
  });
});

describe("titles", () => {
  test("are reported, in any chunks, up to 1024 characters", () => {
    const reports = new Reports();
    filterAll([..."\u001b]0;vim x\u0007\u001b]002;top\u001b\\\u001b]2;\u0007"], reports);
    filterAll([`\u001b]2;${"y".repeat(5000)}\u0007`], reports);
    expect(reports.titles).toEqual(["vim x", "top", "", "y".repeat(1024)]);
  });
});

test("everything else is unchanged, in any chunks", () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(pieces, fc.constantFrom(...others))), chunkSizes, (parts, sizes) => {
      const text = parts.join("");
      const chunks: string[] = [];
      for (let at = 0, turn = 0; at < text.length; turn++) {
        const size = sizes[turn % sizes.length] ?? 1;
        chunks.push(text.slice(at, at + size));
        at += size;
      }
      expect(filterAll(chunks)).toBe(text);
    }),
    { seed: 20240615, numRuns: 300 },
  );
});
