import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import german from "../../../l10n/bundle.l10n.de.json" with { type: "json" };
import { plural, t, useTranslations } from "../../../src/base/localize.ts";
import { ConnectError } from "../../../src/engine/engineErrors.ts";
import { userMessage } from "../../../src/text/userMessages.ts";
import { valueSourceText } from "../../../src/text/valueSourceText.ts";

const source = join(import.meta.dirname, "..", "..", "..", "src");
const bundle: Readonly<Record<string, string>> = german;
const literal = String.raw`"(?:[^"\\]|\\.)*"|\`(?:[^\`\\]|\\.)*\``;

const files = readdirSync(source, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith(".ts") && entry.name !== "localize.ts")
  .map((entry) => join(entry.parentPath, entry.name));

/** The text of a literal in the source. None of them contains an expression. */
function textOf(code: string): string {
  const body = code.slice(1, -1);
  const inQuotes = code.startsWith("`") ? body.replaceAll("\\`", "`").replaceAll('"', '\\"') : body;
  return String(JSON.parse(`"${inQuotes}"`));
}

/** Every text that the source passes to `t` and `plural`, and the calls whose text is not a literal. */
function collect(): { readonly texts: ReadonlySet<string>; readonly others: readonly string[] } {
  const texts = new Set<string>();
  const others: string[] = [];
  for (const file of files) {
    const code = readFileSync(file, "utf8").replace(/^\s*(?:\/\/|\/?\*).*$/gm, "");
    for (const { 0: call, index } of code.matchAll(/(?<![\w.#])t\(/g)) {
      const [text] = new RegExp(`^\\s*(?:${literal})`).exec(code.slice(index + call.length)) ?? [];
      if (text === undefined || (text.trim().startsWith("`") && text.includes("${"))) {
        others.push(`${file}: ${code.slice(index, index + 60)}`);
      } else {
        texts.add(textOf(text.trim()));
      }
    }
    for (const { 0: call, index } of code.matchAll(/(?<![\w.#])plural\(/g)) {
      const rest = code.slice(index + call.length);
      const [, one = "", many = ""] = new RegExp(`^[^"\`]*?(${literal}),\\s*(${literal})`).exec(rest) ?? [];
      if (one === "" || many === "") {
        others.push(`${file}: ${code.slice(index, index + 60)}`);
      } else {
        texts.add(textOf(one)).add(textOf(many));
      }
    }
  }
  return { texts, others };
}

const { texts, others } = collect();

function placeholders(text: string): string[] {
  return [...new Set(text.match(/\{\d\}/g) ?? [])].sort();
}

afterEach(() => {
  useTranslations(undefined);
});

describe("the texts of the source", () => {
  test("are found, and are literals", () => {
    expect(texts.size).toBeGreaterThan(500);
    expect(others).toEqual([]);
  });

  test("are all in l10n/bundle.l10n.de.json, which has no others", () => {
    const missing = [...texts].filter((text) => (bundle[text] ?? "").trim() === "");
    expect(missing.map((text) => `bundle.l10n.de.json lacks ${JSON.stringify(text)}`)).toEqual([]);
    const unused = Object.keys(bundle).filter((text) => !texts.has(text));
    expect(unused.map((text) => `The source does not have ${JSON.stringify(text)}`)).toEqual([]);
  });

  test("are complete sentences or words, never fragments to be appended to others", () => {
    // Two spaces are the indentation of a line.
    expect([...texts].filter((text) => /^ (?! )|^[,;.:)]|(?<! ) $/.test(text))).toEqual([]);
  });

  test("are not concatenated: two localized texts meet in a placeholder or in a list", () => {
    const joined = files.flatMap((file) => {
      const code = readFileSync(file, "utf8").replace(/^\s*(?:\/\/|\/?\*).*$/gm, "");
      return [
        ...code.matchAll(/(?<![\w.#])(?:t|plural)\((?:[^()]|\([^()]*\))*\)\s*\+|\+\s*(?:t|plural)\(/g),
      ].map(([call]) => `${file}: ${call.slice(0, 80)}`);
    });
    expect(joined).toEqual([]);
  });

  test("are in src/text if they are sentences of a row's hover", () => {
    const sentences = files
      .filter((file) => file.endsWith("Presentation.ts"))
      .flatMap((file) => [...readFileSync(file, "utf8").matchAll(/(?<![\w.#])t\(\s*"([^"]*[.?!])"/g)])
      .map(([, text]) => text);
    expect(sentences).toEqual([]);
  });

  test("keep their placeholders, code and spaces at the ends in German", () => {
    for (const [text, translation] of Object.entries(bundle)) {
      const code = (words: string): string[] => (words.match(/`[^`]+`|\$\([\w-]+\)/g) ?? []).sort();
      expect(placeholders(translation), text).toEqual(placeholders(text));
      expect(code(translation), text).toEqual(code(text));
      expect([/^\s*/.exec(translation)?.[0], /\s*$/.exec(translation)?.[0]], text).toEqual([
        /^\s*/.exec(text)?.[0],
        /\s*$/.exec(text)?.[0],
      ]);
    }
  });

  test("long ones are translated", () => {
    const same = Object.entries(bundle).filter(
      ([text, translation]) => text.length > 90 && text === translation,
    );
    expect(same.filter(([text]) => !text.startsWith("TCPKeepAlive"))).toEqual([]);
  });
});

describe("a German editor", () => {
  test("shows German messages", () => {
    useTranslations(german);
    const refused = userMessage(new ConnectError("refused", "x"), "web1", "/home/me");
    expect(refused?.text).toMatch(/^Keine Verbindung mit "web1": Die Verbindung wurde abgelehnt\./);
    expect(refused?.actions.map(({ title }) => title)).toEqual(["Wiederholen", "Protokoll anzeigen"]);
    expect(plural(1, "{0} session", "{0} sessions")).toBe("1 Sitzung");
    expect(plural(2, "{0} session", "{0} sessions")).toBe("2 Sitzungen");
    expect(valueSourceText({ kind: "setting", layer: "user", setting: "x" }, "/home/me")).toBe(
      "Benutzereinstellung",
    );
  });

  test("does not treat braces in an argument as a placeholder", () => {
    expect(t("Connecting to {0}…", "{0}{1}")).toBe("Connecting to {0}{1}…");
  });

  test("is not needed: an unknown text stays English", () => {
    useTranslations({});
    expect(t("Connecting to {0}…", "web1")).toBe("Connecting to web1…");
  });
});

test("no module makes a text when it is loaded, because the language is unknown then", async () => {
  vi.resetModules();
  vi.doMock("../../../src/base/localize.ts", () => {
    const early = (text: unknown): never => {
      throw new Error(`made too early: ${String(text)}`);
    };
    return { t: early, plural: early, useTranslations: () => undefined };
  });
  const loaded: string[] = [];
  for (const file of files) {
    const code = readFileSync(file, "utf8");
    // Files that need the editor can't be loaded here; their texts are in files that don't.
    if (!code.includes("localize.ts") || /^import \* as vscode|^import vscode/m.test(code)) {
      continue;
    }
    await import(file).catch((error: unknown) => {
      const words = String(error instanceof Error ? (error.cause ?? error) : error);
      if (words.includes("made too early")) {
        throw new Error(`${file}: ${words}`);
      }
    });
    loaded.push(file);
  }
  vi.doUnmock("../../../src/base/localize.ts");
  expect(loaded.length).toBeGreaterThan(30);
});
