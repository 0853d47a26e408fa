import { describe, expect, it } from "vitest";
import { OscFilter } from "../../../src/terminal/oscFilter.ts";
import { pathOnServer, pathsIn, reportedDirectory } from "../../../src/terminal/remotePaths.ts";
import { deafPrograms } from "../../support/deafPrograms.ts";

describe("paths in a line", () => {
  it.each([
    ["cat /etc/passwd", ["/etc/passwd"]],
    ["at src/main.ts:12:3, in f", ["src/main.ts:12:3"]],
    ["./configure: line 7", ["./configure"]],
    ["../a/b ~/notes.txt", ["../a/b", "~/notes.txt"]],
    ["It is in /var/log/syslog.", ["/var/log/syslog"]],
    ['File "/usr/lib/x.py", line 3', ["/usr/lib/x.py"]],
    ["x=/a/b (/c/d)", ["/a/b", "/c/d"]],
    ["/etc/hosts:5: bad", ["/etc/hosts:5"]],
    ["Makefile/rule:9", ["Makefile/rule:9"]],
    ["see https://example.org/a/b.html", []],
    ["and/or 1/2 / // ~/ ./", []],
    ["git@host:/srv/repo.git", []],
  ])("%s", (text, expected) => {
    expect(pathsIn(text).map(({ start, length }) => text.slice(start, start + length))).toEqual(expected);
  });

  it("have their line and column", () => {
    expect(pathsIn("  a/b.c:10:4")[0]).toEqual({ start: 2, length: 10, path: "a/b.c", line: 10, column: 4 });
  });

  it.each(["@", "a/", "/", ".", "~/", ":1", "a.b/"])(
    "are found in linear time in a long line of %s, up to a limit",
    (piece) => {
      const text = piece.repeat(1_000_000);
      const start = performance.now();
      expect(pathsIn(text).length).toBeLessThanOrEqual(50);
      expect(performance.now() - start).toBeLessThan(1000);
    },
  );
});

it("a relative path needs a folder, and an absolute one does not", () => {
  expect(pathOnServer("/etc/x", undefined)).toBe("/etc/x");
  expect(pathOnServer("~/x", "/tmp")).toBe("~/x");
  expect(pathOnServer("../x", "/tmp/a")).toBe("/tmp/x");
  expect(pathOnServer("-rf/x.c", "/tmp")).toBe("/tmp/-rf/x.c");
  expect(pathOnServer("x/y.c", undefined)).toBeUndefined();
});

describe("the folder that a shell reports", () => {
  it.each([
    ["7;file://web1/home/a%20b", "/home/a b"],
    ["7;file:///tmp", "/tmp"],
    ["633;P;Cwd=/a\\x3bb\\\\c", "/a;b\\c"],
    ["633;P;Cwd=/home/me;nonce", "/home/me"],
    ["1337;CurrentDir=/x", "/x"],
    ["9;9;C:\\Users", undefined],
    ["7;file://web1/%ff", undefined],
    ["7;file://web1/a%0ab", undefined],
    ["1337;CurrentDir=relative", undefined],
    [`1337;CurrentDir=/${"x".repeat(5000)}`, undefined],
  ])("%s", (body, path) => {
    expect(reportedDirectory(body)).toBe(path);
  });

  it("is the last one, also in several pieces", () => {
    const filter = new OscFilter(deafPrograms);
    expect(filter.directory).toBeUndefined();
    filter.filter("\u001b]7;file://web1/one\u0007x\u001b]633;P;Cw");
    expect(filter.directory).toBe("/one");
    filter.filter("d=/two\u001b\\y");
    expect(filter.directory).toBe("/two");
  });
});
