import { describe, expect, it } from "vitest";
import packageJson from "../../../../package.json" with { type: "json" };
import german from "../../../../package.nls.de.json" with { type: "json" };
import english from "../../../../package.nls.json" with { type: "json" };

/** Properties whose strings VS Code shows. */
const shown =
  /^(?:title|shortTitle|name|contextualTitle|contents|category|(?:markdown)?[dD]escription|displayName|label|altText|(?:markdown)?[dD]eprecationMessage|patternErrorMessage)$/;
const shownLists = /^(?:(?:markdown)?[eE]numDescriptions|enumItemLabels)$/;

interface Text {
  /** The path in package.json. */
  readonly where: string;
  readonly value: string;
}

function textsOf(value: unknown, where: string, isShown: boolean): Text[] {
  if (typeof value === "string") {
    return isShown ? [{ where, value }] : [];
  }
  if (Array.isArray(value)) {
    return value.flatMap((each, at) => {
      const id = ["command", "id", "view"]
        .map((name) => (each as Record<string, unknown> | null)?.[name])
        .find((found) => found !== undefined);
      return textsOf(each, `${where}[${String(id ?? at)}]`, isShown);
    });
  }
  if (typeof value !== "object" || value === null) {
    return [];
  }
  return Object.entries(value).flatMap(([key, each]) => {
    const isSchema = where.endsWith(".properties");
    return textsOf(
      each,
      `${where}.${key}`,
      !isSchema && (shownLists.test(key) || (typeof each === "string" && shown.test(key))),
    );
  });
}

const { displayName, description, capabilities, contributes } = packageJson;
const texts = textsOf({ displayName, description, capabilities, contributes }, "package.json", false);
const used = new Map(
  texts.flatMap(({ where, value }) => {
    const [, key] = /^%([\w.-]+)%$/.exec(value) ?? [];
    return key === undefined ? [] : [[key, where] as const];
  }),
);

/** What a translation must keep: names in code, links, settings, placeholders, `user@host`, bold marks. */
function fixedParts(text: string): string[] {
  const parts = text.match(/`[^`]+`|\]\([^)]*\)|\{\w+\}|\$\([\w-]+\)|\S+@\w+|\*\*/g) ?? [];
  return parts.map((part) => part.replace(/[.,;:]+$/, "")).sort();
}

describe("the texts of package.json", () => {
  it("are found", () => {
    expect(texts.length).toBeGreaterThan(100);
  });

  it("are in package.nls.json, not in package.json", () => {
    expect(
      texts
        .filter(({ value }) => !/^%[\w.-]+%$/.test(value))
        .map(
          ({ where, value }) =>
            `${where} is the literal text "${value}". Write %a.key% there, and the text with this key in package.nls.json and package.nls.de.json.`,
        ),
    ).toEqual([]);
  });

  it.each([
    ["package.nls.json", english],
    ["package.nls.de.json", german],
  ])("are all in %s", (file, bundle: Readonly<Record<string, string>>) => {
    const missing = [...used].filter(([key]) => (bundle[key] ?? "").trim() === "");
    expect(missing.map(([key, where]) => `${file} lacks "${key}", which ${where} uses.`)).toEqual([]);
    const unused = Object.keys(bundle).filter((key) => !used.has(key));
    expect(unused.map((key) => `${file} has "${key}", which package.json does not use.`)).toEqual([]);
  });

  it("keep names, links and placeholders in German", () => {
    for (const [key, text] of Object.entries(english)) {
      const translated = (german as Readonly<Record<string, string>>)[key] ?? "";
      expect(fixedParts(translated), key).toEqual(fixedParts(text));
    }
  });

  it("are German if a sentence was translated", () => {
    const same = Object.entries(english).filter(
      ([key, text]) => text.length > 30 && (german as Readonly<Record<string, string>>)[key] === text,
    );
    expect(same.map(([key]) => `package.nls.de.json has the English text of "${key}".`)).toEqual([]);
  });
});
