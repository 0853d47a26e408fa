import { expect, it } from "vitest";
import { ConnectionNames } from "../../../../src/vscode/views/connectionNames.ts";

const typed = "alice@192.0.2.17:2222";

it.each([
  ["the host of the connection, which is short", "web1 (2)", "web1", "web1", "web1 (2)"],
  ["the host of the connection, which is long", typed, typed, typed, "Terminal"],
  ["the same, with a number", `${typed} (2)`, typed, typed, "Terminal (2)"],
  ["another name for the same destination", `${typed} (2)`, typed, "web1", `${typed} (2)`],
  ["set by the user", "build log", typed, typed, "build log"],
])("a session's name is %s: %s", (_, title, spec, connection, shown) => {
  expect(new ConnectionNames().session(title, spec, connection)).toBe(shown);
});
