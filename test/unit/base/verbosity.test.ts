import { expect, test } from "vitest";
import { type LogLevelName, Verbosity } from "../../../src/base/verbosity.ts";

test("more and less stay within the levels, and setting the editor's own level applies that again", () => {
  let editor: LogLevelName | undefined = "info";
  const verbosity = new Verbosity(() => editor);
  expect([1, 1, 1, 1].map(() => verbosity.change("m1", 1))).toEqual(["debug", "trace", "trace", "trace"]);
  expect([1, 1, 1, 1, 1].map(() => verbosity.change("m1", -1))).toEqual([
    "debug",
    "info",
    "warn",
    "error",
    "error",
  ]);
  editor = "debug";
  verbosity.reset();
  expect(verbosity.level("m1")).toBe("debug");
});

test("messages beyond the editor's level are written at that level", () => {
  const verbosity = new Verbosity(() => "warn");
  expect(verbosity.writtenAs("info", "m1")).toBeUndefined();
  verbosity.change("m1", 1);
  verbosity.change("m1", 1);
  expect([
    verbosity.writtenAs("debug", "m1"),
    verbosity.writtenAs("error", "m1"),
    verbosity.writtenAs("trace", "m1"),
  ]).toEqual(["warn", "error", undefined]);
});

test("fewer messages can be written than the editor would show", () => {
  const verbosity = new Verbosity(() => "info");
  verbosity.change("m1", -1);
  expect([verbosity.writtenAs("info", "m1"), verbosity.writtenAs("warn", "m1")]).toEqual([undefined, "warn"]);
});

test("a log that is switched off stays off", () => {
  const verbosity = new Verbosity(() => undefined);
  expect([verbosity.change("m1", 1), verbosity.writtenAs("error", "m1")]).toEqual([undefined, undefined]);
});

test("only the requested connection logs more or less", () => {
  const verbosity = new Verbosity(() => "info");
  verbosity.change("m1", 1);
  verbosity.change("m2", -1);
  const debugOf = (connection?: string) => verbosity.writtenAs("debug", connection);
  expect([debugOf("m1"), debugOf("m2"), debugOf("m3"), debugOf()]).toEqual([
    "info",
    undefined,
    undefined,
    undefined,
  ]);
  expect([verbosity.writtenAs("info", "m2"), verbosity.writtenAs("info")]).toEqual([undefined, "info"]);
});
