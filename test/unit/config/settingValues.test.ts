import { describe, expect, test } from "vitest";
import { parseTime } from "../../../src/config/openSshTime.ts";
import {
  flag,
  largestNumber,
  oneOf,
  text,
  textThat,
  wholeNumber,
} from "../../../src/config/settingValues.ts";

describe("values of settings.json", () => {
  test("a whole number is valid from the minimum to the maximum, inclusive", () => {
    const parse = wholeNumber(1, 10);
    expect([1, 10].map(parse)).toEqual([1, 10]);
    for (const bad of [0, 11, 1.5, Number.NaN, "5", null, undefined, [5], { valueOf: () => 5 }]) {
      expect(parse(bad)).toBeUndefined();
    }
  });

  test("without a maximum, OpenSSH's largest int is the last valid number", () => {
    expect([largestNumber, largestNumber + 1].map(wholeNumber(0))).toEqual([2_147_483_647, undefined]);
  });

  test("a text is trimmed, and has 1 to 4096 characters", () => {
    expect([" a b ", "x".repeat(4096)].map(text)).toEqual(["a b", "x".repeat(4096)]);
    expect(["", "  ", "x".repeat(4097), 5, null, undefined, ["a"]].map(text)).toEqual(
      Array(7).fill(undefined),
    );
  });

  test("a text with a rule is checked after trimming, and only if present", () => {
    const asked: string[] = [];
    const parse = textThat((value) => asked.push(value) > 0 && value !== "bad");
    expect([" good ", "bad", "", 7].map(parse)).toEqual(["good", undefined, undefined, undefined]);
    expect(asked).toEqual(["good", "bad"]);
  });

  test("one of several words is accepted as written", () => {
    const parse = oneOf("auto", "never");
    expect(["auto", "never", "Auto", "", 0, undefined].map(parse)).toEqual([
      "auto",
      "never",
      ...Array(4).fill(undefined),
    ]);
  });

  test("a flag is true or false, and nothing similar", () => {
    expect([true, false, "true", 1, null].map(flag)).toEqual([true, false, undefined, undefined, undefined]);
  });
});

test("a time that does not fit OpenSSH's int is invalid", () => {
  expect([parseTime("2147483647"), parseTime("2147483648"), parseTime("3551w")]).toEqual([
    2_147_483_647,
    undefined,
    undefined,
  ]);
});
