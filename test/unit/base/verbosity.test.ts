import { expect, test } from "vitest";
import { type LogLevelName, Verbosity } from "../../../src/base/verbosity.ts";

test("more and less stay within what there is, and the editor's own level holds again when it is set", () => {
  let editor: LogLevelName | undefined = "info";
  const verbosity = new Verbosity(() => editor);
  expect([1, 1, 1, 1].map(() => verbosity.change(1))).toEqual(["debug", "trace", "trace", "trace"]);
  expect([1, 1, 1, 1, 1].map(() => verbosity.change(-1))).toEqual([
    "debug",
    "info",
    "warn",
    "error",
    "error",
  ]);
  editor = "debug";
  verbosity.reset();
  expect(verbosity.level).toBe("debug");
});

test("what is let through beyond the editor's level is written at that level", () => {
  const verbosity = new Verbosity(() => "warn");
  expect(verbosity.writtenAs("info")).toBeUndefined();
  verbosity.change(1);
  verbosity.change(1);
  expect([verbosity.writtenAs("debug"), verbosity.writtenAs("error"), verbosity.writtenAs("trace")]).toEqual([
    "warn",
    "error",
    undefined,
  ]);
});

test("fewer messages are written than the editor would show", () => {
  const verbosity = new Verbosity(() => "info");
  verbosity.change(-1);
  expect([verbosity.writtenAs("info"), verbosity.writtenAs("warn")]).toEqual([undefined, "warn"]);
});

test("a log that is switched off stays so", () => {
  const verbosity = new Verbosity(() => undefined);
  expect([verbosity.change(1), verbosity.writtenAs("error")]).toEqual([undefined, undefined]);
});
