import { describe, expect, it } from "vitest";
import { matchesHostPatterns } from "../../../src/trust/hostNamePattern.ts";

describe("matchesHostPatterns", () => {
  const table: readonly (readonly [host: string, patterns: string, matches: boolean])[] = [
    ["a.example.org", "a.example.org", true],
    ["a.example.org", "A.Example.ORG", true],
    ["A.EXAMPLE.ORG", "a.example.org", true],
    ["a.example.org", "b.example.org,a.example.org", true],
    ["a.example.org", "*.example.org", true],
    ["example.org", "*.example.org", false],
    ["a.example.org", "*", true],
    ["abc", "a?c", true],
    ["ac", "a?c", false],
    ["abcd", "a*d", true],
    ["aXbXc", "a*b*c", true],
    ["aab", "*ab", true],
    ["a", "a**", true],
    ["a.example.org", "*.example.org,!a.example.org", false],
    ["a.example.org", "!a.example.org,*.example.org", false],
    ["b.example.org", "*.example.org,!a.example.org", true],
    ["b.example.org", "!a.example.org", false],
    ["[a]:2222", "[a]:2222", true],
    ["[a]:2222", "a", false],
    ["[a]:2222", "[*]:2222", true],
    ["[a]:2222", "[?]:*", true],
    ["a", "", false],
    ["a", ",", false],
    ["a", "a,", true],
    ["", ",", true],
    ["", "a,", false],
    ["", "a,b,", false],
    ["a", "!", false],
    ["a", `${"*".repeat(1022)},a`, true],
    ["a", `${"*".repeat(1023)},a`, false],
    ["a", `a,!${"b".repeat(1023)}`, false],
  ];
  for (const [host, patterns, matches] of table) {
    const shown = patterns.length > 40 ? `${patterns.slice(0, 20)}… (${patterns.length})` : patterns;
    it(`${JSON.stringify(host)} ${matches ? "is" : "is not"} named by ${JSON.stringify(shown)}`, () => {
      expect(matchesHostPatterns(host, patterns)).toBe(matches);
    });
  }

  it("replies at once for a pattern made to backtrack", () => {
    expect(matchesHostPatterns("a".repeat(250), `${"a*".repeat(400)}b`)).toBe(false);
  });
});
