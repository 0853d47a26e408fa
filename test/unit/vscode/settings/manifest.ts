import packageJson from "../../../../package.json" with { type: "json" };
import english from "../../../../package.nls.json" with { type: "json" };

/** Replaces each `%key%` by its text, as VS Code does when it reads the manifest. */
function resolve(value: unknown, texts: Readonly<Record<string, string>>): unknown {
  if (typeof value === "string") {
    const [, key] = /^%([\w.-]+)%$/.exec(value) ?? [];
    return key === undefined ? value : (texts[key] ?? value);
  }
  if (Array.isArray(value)) {
    return value.map((each) => resolve(each, texts));
  }
  return typeof value === "object" && value !== null
    ? Object.fromEntries(Object.entries(value).map(([name, each]) => [name, resolve(each, texts)]))
    : value;
}

export function manifestIn(texts: Readonly<Record<string, string>>): typeof packageJson {
  return resolve(packageJson, texts) as typeof packageJson;
}

/** package.json as an English VS Code shows it. */
export const manifest = manifestIn(english);
