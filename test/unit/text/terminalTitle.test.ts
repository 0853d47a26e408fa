import { expect, test } from "vitest";
import { tabName } from "../../../src/text/terminalTitle.ts";

const parts = { name: "build log", host: "web1", remoteTitle: "vim  main.c" };

test.each([
  [undefined, "build log"],
  [`\${name}`, "build log"],
  [`\${name}\${separator}\${remoteTitle}`, "build log - vim main.c"],
  [`\${remoteTitle}\${separator}\${host}`, "vim main.c - web1"],
  [`ssh \${host}: \${remoteTitle}`, "ssh web1: vim main.c"],
  [`$5 \${other}`, "$5 ${other}"],
])("the template %s", (template, name) => {
  expect(tabName(template, parts)).toBe(name);
});

test("a separator appears only between two parts", () => {
  const silent = { ...parts, remoteTitle: "" };
  expect(tabName(`\${name}\${separator}\${remoteTitle}`, silent)).toBe("build log");
  expect(tabName(`\${remoteTitle}\${separator}\${name}`, silent)).toBe("build log");
});

test("a tab always has a name", () => {
  expect(tabName(`\${remoteTitle}`, { ...parts, remoteTitle: "  " })).toBe("build log");
});

test("a remote title is bounded, and makes no icon, control or bidirectional character", () => {
  const shown = tabName(`\${remoteTitle}`, {
    ...parts,
    remoteTitle: `$(trash)\u001b[31m\u202e${"x".repeat(500)}`,
  });
  expect(shown).toMatch(/^\$ \(trash\)\\u\{1b\}\[31m\\u\{202e\}x+…$/);
  expect(shown.length).toBeLessThan(90);
});
