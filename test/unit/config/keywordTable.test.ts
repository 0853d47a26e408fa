import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { keywordRule } from "../../../src/config/keywords.ts";
import { canonicalKeyword, isKeyword, keywordNames, keywordTable } from "../../../src/config/keywordTable.ts";
import { keywordDocument } from "../../../src/text/keywordDocument.ts";
import { keywordText } from "../../../src/text/keywordTexts.ts";

const lines = readFileSync(join(import.meta.dirname, "fixtures", "openssh-10.5-keywords.txt"), "utf8")
  .split("\n")
  .filter((line) => line !== "" && !line.startsWith("#"))
  .map((line) => line.split(" ") as [string, string]);
const named = (source: string): string[] => lines.filter(([from]) => from === source).map(([, name]) => name);

describe("the table of keywords", () => {
  it("has every keyword of OpenSSH 10.5's manual, with the same spelling", () => {
    const manual = named("manual");
    expect(manual.length).toBeGreaterThan(100);
    const ours = new Set(keywordNames.map((keyword) => keywordTable[keyword].name));
    expect(manual.filter((name) => !ours.has(name))).toEqual([]);
  });

  it("has every keyword that OpenSSH 10.5 parses, and no other except those of distributors", () => {
    const readconf = named("readconf");
    expect(readconf.filter((name) => !isKeyword(name))).toEqual([]);
    expect(
      keywordNames.filter((name) => keywordTable[name].since !== "vendor" && !readconf.includes(name)),
    ).toEqual([]);
  });

  it("spells each keyword like its key, except for case", () => {
    for (const keyword of keywordNames) {
      expect(keywordTable[keyword].name.toLowerCase()).toBe(keyword);
    }
  });

  it("maps every keyword to a rule under its own name, and an alias to that of its keyword", () => {
    for (const keyword of keywordNames) {
      const rule = keywordRule(keyword);
      expect(rule?.name, keyword).toBe(canonicalKeyword(keyword));
      expect(rule?.name === keyword, keyword).toBe(keywordTable[keyword].standing !== "alias");
    }
  });

  it("stores what is honoured or reported: a discarded value can be neither", () => {
    for (const keyword of keywordNames) {
      const { standing } = keywordTable[keyword];
      const isKept = keywordRule(keyword)?.merge !== "ignored";
      if (standing === "honoured" || standing === "not-honoured") {
        expect(isKept, keyword).toBe(true);
      }
    }
  });

  it("has a text for every keyword", () => {
    for (const keyword of keywordNames) {
      expect(keywordText(keyword), keyword).toMatch(/^\S.{3,}[^.\s]$/);
    }
  });

  it("equals docs/ssh-config.md (-u writes it)", async () => {
    await expect(keywordDocument()).toMatchFileSnapshot("../../../docs/ssh-config.md");
  });
});
