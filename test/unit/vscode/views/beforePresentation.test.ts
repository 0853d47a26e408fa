import { expect, it } from "vitest";
import { presentBefore } from "../../../../src/vscode/views/beforePresentation.ts";

it("the row of terminals from before has their number and each host once, escaped", () => {
  const row = presentBefore([
    { host: "web1", title: "web1" },
    { host: "web1", title: "[x](command:y)" },
    { host: "db\u202e1", title: "db1" },
  ]);
  expect([row.label, row.description, row.contextValue]).toEqual([
    "3 terminals from before",
    "web1, db\\u{202e}1",
    "before",
  ]);
  expect(row.hover).not.toContain("[x](command:y)");
  expect(presentBefore([{ host: "a", title: "a" }]).label).toBe("1 terminal from before");
});
