import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { markQuery, ReplyFilter, randomMark } from "../../../src/terminal/marks.ts";
import { chunkSizes } from "./support/streams.ts";

const reply = (index: number): string => `\u001b[?${1_000_000_000 + index};0$y`;

function filterAll(inputs: readonly string[], expectMore = true): { text: string; acknowledged: number[] } {
  const filter = new ReplyFilter();
  let text = "";
  const acknowledged: number[] = [];
  for (const input of inputs) {
    const result = filter.filter(input, expectMore);
    text += result.text;
    acknowledged.push(...result.acknowledged);
  }
  return { text: text + filter.flush(), acknowledged };
}

test("a mark is the DECRQM query of a ten digit mode", () => {
  expect(markQuery(0)).toBe("\u001b[?1000000000$p");
  expect(markQuery(1_147_483_647)).toBe("\u001b[?2147483647$p");
});

test("marks can't be guessed", () => {
  const marks = Array.from({ length: 10_000 }, randomMark);
  expect(new Set(marks).size).toBeGreaterThan(9_990);
  expect(Math.max(...marks)).toBeGreaterThan(1_100_000_000);
  expect(Math.min(...marks)).toBeLessThan(50_000_000);
  const steps = marks.slice(1).map((mark, at) => mark - (marks[at] ?? 0));
  expect(new Set(steps).size).toBeGreaterThan(9_990);
});

describe("removing replies from the input", () => {
  test("a reply alone leaves nothing", () => {
    expect(filterAll([reply(12)])).toEqual({ text: "", acknowledged: [12] });
  });

  test("a program's own replies and keys stay, in order", () => {
    const own = [
      "\u001b[?2026;2$y",
      "\u001b[0n",
      "\u001b[5;1R",
      "\u001bP1$r0m\u001b\\",
      "x",
      "\u001b[A",
      "\u001b]11;rgb:00/00/00\u0007",
    ];
    const mixed = own.flatMap((text, index) => [text, reply(index)]);
    expect(filterAll(mixed)).toEqual({ text: own.join(""), acknowledged: own.map((_, index) => index) });
    expect(filterAll([mixed.join("")])).toEqual({
      text: own.join(""),
      acknowledged: own.map((_, index) => index),
    });
  });

  test("split anywhere, between keys and replies to programs", () => {
    const own = fc.constantFrom(
      "a",
      "\u001b",
      "\u001b[",
      "\u001b[A",
      "\u001b[?7$y",
      "\u001b[?7;0$y",
      "\u001b[?2026;2$y",
      "\u001b[?7000001;0$y",
      "\u001b[?3000000001;0$y",
      "1000000001;0$y",
    );
    fc.assert(
      fc.property(
        fc.array(fc.oneof(own, fc.integer({ min: 0, max: 1_147_483_647 }))),
        chunkSizes,
        (parts, sizes) => {
          const whole = parts.map((part) => (typeof part === "number" ? reply(part) : part)).join("");
          const inputs: string[] = [];
          for (let at = 0, turn = 0; at < whole.length; turn++) {
            const size = sizes[turn % sizes.length] ?? 1;
            inputs.push(whole.slice(at, at + size));
            at += size;
          }
          expect(filterAll(inputs)).toEqual({
            text: parts.filter((part) => typeof part === "string").join(""),
            acknowledged: parts.filter((part) => typeof part === "number"),
          });
        },
      ),
      { seed: 20240613, numRuns: 500 },
    );
  });

  test("a lone ESC is passed on at once if no reply is outstanding", () => {
    const filter = new ReplyFilter();
    expect(filter.filter("\u001b", false).text).toBe("\u001b");
    expect(filter.holding).toBe(false);
  });

  test("held text is returned if it was no reply", () => {
    const filter = new ReplyFilter();
    expect(filter.filter("a\u001b", true).text).toBe("a");
    expect(filter.holding).toBe(true);
    expect(filter.filter("x", true).text).toBe("\u001bx");
    expect(filter.filter("\u001b[?10", true).text).toBe("");
    expect(filter.flush()).toBe("\u001b[?10");
    expect(filter.holding).toBe(false);
  });
});
