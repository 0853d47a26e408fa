import { expect, it } from "vitest";
import { ConnectionNames } from "../../../../src/vscode/views/connectionNames.ts";

const typed = "alice@192.0.2.17:2222";
const local = "user@127.0.0.1";
const names = new ConnectionNames();
names.update(["web1", typed, local, "alice@192.0.2.18:2222"]);

it.each([
  ["the name of a short host", "web1 (2)", "web1", "web1 (2)"],
  ["what was typed, if it fits", local, local, local],
  ["its host, beside a number", `${local} (2)`, local, "127.0.0.1 (2)"],
  ["the shortened name of a long host", typed, typed, "192.0.2.17"],
  ["the same, with a number", `${typed} (2)`, typed, "192.0.2.17 (2)"],
  ["the name that the user has given it", "build log", typed, "build log"],
])("a session's name is %s: %s", (_, title, spec, shown) => {
  expect(names.session(title, spec)).toBe(shown);
});

it("a connection whose state must be read has a name that leaves room for it", () => {
  const long = ["prod-eu-west-1-frontend-blue-01.example.com", "prod-eu-west-1-database-blue-01.example.com"];
  names.update(long);
  expect(long.map((spec) => names.connection(spec, true))).toEqual(["…1-frontend", "…1-database"]);
  expect(long.map((spec) => names.connection(spec, false))).toEqual(["…frontend", "…database"]);
});
