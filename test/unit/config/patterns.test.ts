import { describe, expect, test } from "vitest";
import {
  isPattern,
  matchHostNameList,
  matchPattern,
  matchPatternList,
  matchPatterns,
} from "../../../src/config/patterns.ts";

describe("a pattern", () => {
  test.each([
    ["web", "web", true],
    ["web", "we", false],
    ["web", "webb", false],
    ["web", "WEB", false],
    ["web", "*", true],
    ["", "*", true],
    ["", "", true],
    ["web", "", false],
    ["web", "w?b", true],
    ["web", "web?", false],
    ["web", "???", true],
    ["web", "????", false],
    ["web", "*b", true],
    ["web", "w*b*", true],
    ["abcabd", "*abd", true],
    ["web.example.org", "*.example.org", true],
    ["webxexample.org", "*.example.org", false],
    ["a+b", "a+b", true],
    ["[w]eb", "[w]eb", true],
    ["web", "[w]eb", false],
  ])("%s ~ %s: %s", (text, pattern, expected) => {
    expect(matchPattern(text, pattern)).toBe(expected);
  });

  test("with many stars is matched in bounded time", () => {
    expect(matchPattern("a".repeat(5000), `${"a*".repeat(500)}b`)).toBe(false);
  });
});

test("a matching negated pattern excludes all others, wherever it is", () => {
  expect(matchPatterns("web", ["*", "!web"])).toBe(false);
  expect(matchPatterns("web", ["!web", "*"])).toBe(false);
  expect(matchPatterns("db", ["!web", "*"])).toBe(true);
});

test("negated patterns alone match nothing", () => {
  expect(matchPatterns("db", ["!web"])).toBe(false);
});

test("a list is separated by commas", () => {
  expect(matchPatternList("db", "web,d?")).toBe(true);
  expect(matchPatternList("db", "*,!db")).toBe(false);
});

test("Match host ignores case on both sides", () => {
  expect(matchHostNameList("Web", "wEB")).toBe(true);
});

test("names with wildcards or a negation are patterns", () => {
  expect(["*", "w?b", "!web"].every(isPattern)).toBe(true);
  expect(["web", "a.b-c_d", "10.0.0.1", "::1"].some(isPattern)).toBe(false);
});
