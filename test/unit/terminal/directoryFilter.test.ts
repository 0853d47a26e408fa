import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DirectoryFilter } from "../../../src/terminal/directoryFilter.ts";
import { chunkSizes, pieces } from "./support/streams.ts";

function filterAll(chunks: readonly string[]): string {
  const filter = new DirectoryFilter();
  return chunks.map((chunk) => filter.filter(chunk)).join("") + filter.flush();
}

const directories = [
  "\u001b]7;file://web1/home/me\u0007",
  "\u001b]7;file://web1/home/me\u001b\\",
  "\u009d7;file:///tmp\u009c",
  "\u001b]633;P;Cwd=/home/me\u0007",
  "\u001b]633;P;Cwd=/home/me;nonce\u0007",
  "\u001b]1337;CurrentDir=/home/me\u0007",
  "\u001b]9;9;C:\\Users\u0007",
  "\u001b]007;x\u0007",
];
const others = [
  "\u001b]633;A\u0007",
  "\u001b]633;P;IsWindows=False\u0007",
  "\u001b]633;P;Prompt=x\u0007",
  "\u001b]133;D;0\u0007",
  "\u001b]0;title\u0007",
  "\u001b]77;x\u0007",
  "\u001b]9;4;1;50\u0007",
  "\u001b]1337;SetMark\u0007",
  "\u001b[7m",
  "\u001b7",
  "7;text",
];

describe("directories of the remote machine", () => {
  test.each(directories)("%j is taken out, whatever the chunks", (sequence) => {
    const text = `before${sequence}after`;
    expect(filterAll([text])).toBe("beforeafter");
    expect(filterAll([...text])).toBe("beforeafter");
  });

  test.each(others)("%j passes", (sequence) => {
    const text = `before${sequence}after`;
    expect(filterAll([text])).toBe(text);
    expect(filterAll([...text])).toBe(text);
  });

  test("one that is aborted takes nothing of what follows with it", () => {
    expect(filterAll(["\u001b]7;file://x\u0018text"])).toBe("\u0018text");
    expect(filterAll(["\u001b]7;file://x", "\u001b[1mtext"])).toBe("\u001b[1mtext");
  });

  test("text that never ends such a sequence is not kept for ever", () => {
    const filter = new DirectoryFilter();
    let passed = "";
    for (let part = 0; part < 100; part++) {
      passed += filter.filter(part === 0 ? "\u001b]7;" : "x".repeat(1000));
    }
    expect(passed.length).toBeGreaterThan(90_000);
  });
});

test("everything else is unchanged, whatever the chunks", () => {
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
