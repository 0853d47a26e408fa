import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const folder = join(import.meta.dirname, "..", "attack");

/** They test the measurement of the bounds. */
const measures = ["bounds.test.ts", "growth.test.ts"];

const files = readdirSync(folder).filter((file) => file.endsWith(".test.ts"));
const text = (file: string): string => readFileSync(join(folder, file), "utf8");

test("each case of the attack suite has its bounds: none uses Vitest's own functions", () => {
  expect(files.length).toBeGreaterThan(15);
  const unbounded = files.filter(
    (file) =>
      !measures.includes(file) &&
      (/import \{[^}]*\b(?:test|it|bench)\b[^}]*\} from "vitest"/.test(text(file)) ||
        /\b(?:test|it)(?:\.\w+)*\(/.test(text(file)) ||
        !/\battack(?:\.each)?[(<]/.test(text(file))),
  );
  expect(unbounded).toEqual([]);
});

test("the attack suite counts log lines, and contains no case that is not run", () => {
  for (const file of files) {
    expect(text(file), file).not.toContain("silentLogger");
    expect(text(file), file).not.toMatch(/\b(?:describe|attack)\.(?:skip|todo|only)\b/);
  }
});
