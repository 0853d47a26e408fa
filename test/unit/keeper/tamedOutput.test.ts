import { describe, expect, test } from "vitest";
import { TamedOutput } from "../../../src/keeper/tamedOutput.ts";
import { Screen } from "../terminal/support/screen.ts";

const ESC = "\u001b";
const long = "x".repeat(50_000);

/** The text, passed in pieces of this size. */
function tamed(text: string, size = text.length): string {
  const output = new TamedOutput();
  let kept = "";
  for (let at = 0; at < text.length; at += size) {
    kept += output.tame(text.slice(at, at + size), 80);
  }
  return kept;
}

describe("control strings", () => {
  test.each([
    ["text", `plain ${long}`],
    ["sequences", `${ESC}[31mred${ESC}[0m ${ESC}]0;title\u0007${ESC}P$qm${ESC}\\end`],
    ["a link", `${ESC}]8;;https://example.com/\u0007link${ESC}]8;;${ESC}\\`],
    ["a long text after a string", `${ESC}]0;title\u0007${long}`],
  ])("%s of a usual length stay as they are", (_, text) => {
    for (const size of [1, 7, text.length]) {
      expect(tamed(text, size)).toBe(text);
    }
  });

  test.each([
    ["OSC and BEL", `${ESC}]8;;${long}\u0007`],
    ["OSC and ST", `${ESC}]8;;${long}${ESC}\\`],
    ["OSC and CAN", `${ESC}]8;;${long}\u0018`],
    ["C1 controls", `\u009d8;;${long}\u009c`],
    ["DCS", `${ESC}P1$q${long}${ESC}\\`],
    ["APC", `${ESC}_G${long}${ESC}\\`],
  ])("a string that is too long (%s) is cancelled, and what follows is shown", async (_, text) => {
    for (const size of [1, 4096, 10_000, text.length]) {
      const kept = tamed(`before ${text}after`, size);
      expect(kept.length).toBeLessThan(5_000);
      expect(kept).not.toContain("\u0007");
      const screen = new Screen();
      await screen.write(kept);
      expect(screen.text()).toBe("before after");
      expect(screen.titles).toEqual([]);
    }
  });

  test("a sequence that ends a string that is too long is executed", () => {
    expect(tamed(`${ESC}]0;${long}${ESC}[31mred`).endsWith(`\u0018${ESC}[31mred`)).toBe(true);
    expect(tamed(`${ESC}]0;${long}${ESC}\\${ESC}]0;${long}\u0007end`)).toHaveLength(2 * 4099 + 2 + 3);
  });
});

describe("control functions with a count", () => {
  test.each([
    ["of the screen's size", `${ESC}[80bx${ESC}[24L`, `${ESC}[80bx${ESC}[24L`],
    ["above it", `x${ESC}[2147483647b${ESC}[81L`, `x${ESC}[80b${ESC}[80L`],
    ["in further parameters", `${ESC}[1;99999@`, `${ESC}[1;80@`],
    ["with an intermediate", `${ESC}[99999'}${ESC}[99999 @`, `${ESC}[80'}${ESC}[80 @`],
    ["after the C1 control", "\u009b99999S", "\u009b80S"],
    ["with controls between the digits", `${ESC}[9\r99\n99T`, `${ESC}[\r\n80T`],
    ["with zeros before it", `${ESC}[000000000012P`, `${ESC}[000000000012P`],
    [
      "after a sequence that was not finished",
      `${ESC}[1\u009b99999b${ESC}[2${ESC}[99999b`,
      `${ESC}[1\u009b80b${ESC}[2${ESC}[80b`,
    ],
  ])("are executed at most as often as the screen has columns: %s", (_, text, expected) => {
    for (const size of [1, 2, 3, text.length]) {
      expect(tamed(text, size)).toBe(expected);
    }
  });

  test.each(["[38;2;255;200;100m", "[?2004h", "[9999;9999H", "[1000G", "[>4;1m", "[8;1000;1000t", "[12345n"])(
    "others stay as they are: %s",
    (sequence) => {
      for (const size of [1, 4, 100]) {
        expect(tamed(`a${ESC}${sequence}b`, size)).toBe(`a${ESC}${sequence}b`);
      }
    },
  );

  test("an endless sequence is cancelled", () => {
    for (const size of [1, 1000, 100_000]) {
      const kept = tamed(`${ESC}[${"1;".repeat(50_000)}`, size);
      expect(kept.startsWith(`${ESC}[\u0018`)).toBe(true);
    }
  });
});
