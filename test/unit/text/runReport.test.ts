import { expect, it } from "vitest";
import type { HostRun } from "../../../src/session/run/fleetRun.ts";
import { plainOutput } from "../../../src/session/run/plainOutput.ts";
import { runFailures, runProgress, runReport } from "../../../src/text/runReport.ts";

function done(host: string, code: number, stdout: string, stderr = "", truncated = false): HostRun {
  return {
    host,
    kind: "done",
    milliseconds: 1234,
    execution: {
      outcome: { kind: "exited", code },
      stdout: Buffer.from(stdout),
      stderr: Buffer.from(stderr),
      truncated,
    },
  };
}

const describeError = (error: Error): string => error.message;

it("a run on several hosts begins with a summary; each host that ran has its output, and failures are not repeated", () => {
  const runs = [
    done("a", 0, "\u001b[32mgreen\u001b[0m\r\nline\n"),
    done("bb", 2, "", "oops\n"),
    { host: "c", kind: "failed", error: new Error("refused"), milliseconds: 5 } as const,
  ];
  expect(runReport("make\u0007 all", runs, 10, describeError)).toBe(
    [
      "$ make\\u{7} all",
      "",
      "3 hosts: 1 succeeded, 2 failed",
      "",
      "✓ a      1.2 s  exit code 0",
      "✗ bb     1.2 s  exit code 2",
      "✗ c      0.0 s  refused",
      "",
      "──── a: exit code 0 (1.2 s) ────",
      "green\nline",
      "",
      "──── bb: exit code 2 (1.2 s) ────",
      "──── standard error ────",
      "oops",
      "",
    ].join("\n"),
  );
});

it("a run on one host shows its failure", () => {
  const run = { host: "c", kind: "failed", error: new Error("refused"), milliseconds: 5 } as const;
  expect(runReport("make", [run], 10, describeError)).toBe("$ make\n\n──── c: refused (0.0 s) ────\n");
});

it("truncated output is marked", () => {
  expect(runReport("cat", [done("a", 0, "0123456789", "", true)], 10, describeError)).toContain(
    "the first 10 bytes of each stream were kept",
  );
});

it("nothing in the output rings, moves back, or reverses the text", () => {
  const hidden = [
    "\u0007",
    "\b",
    "\u200e",
    "\u200f",
    "\u202a",
    "\u202e",
    "\u2066",
    "\u2069",
    "\u009b",
    "\u0000",
  ];
  const report = runReport(
    "cat",
    [done("a", 0, `1\t2\r\n3%\r4%\r\n${hidden.join("|")}\n`, hidden.join(""))],
    10_000,
    describeError,
  );
  expect(report).toContain(
    "1\t2\n3%\n4%\n\\u{7}|\\u{8}|\\u{200e}|\\u{200f}|\\u{202a}|\\u{202e}|\\u{2066}|\\u{2069}|",
  );
  expect(report).not.toMatch(/[^\P{Cc}\n\t]|\p{Cf}/u);
});

it.each([
  "\u001b]0;a title\u001b\\",
  "\u001b]0;a title\u0007",
  "\u001b[31m",
  "\u009b1m",
  "\u001bPq#0\n~\u001b\\",
  "\r\u001b[K\n",
])("%j is removed wherever a long output is cut", (sequence) => {
  const visible = sequence.startsWith("\r") ? "\n" : "";
  for (let before = 32 * 1024 - 14; before < 32 * 1024 + 2; before++) {
    const output = plainOutput(Buffer.from(`${"x".repeat(before)}${sequence}y`));
    expect(output.slice(before - 1) === `x${visible}y`, `${before}`).toBe(true);
  }
});

it.each([
  ["\r\n", "\n"],
  ["\u{1f600}", "\u{1f600}"],
  ["\u{e0001}", "\\u{e0001}"],
])("%j stays complete wherever a long output is cut", (character, shown) => {
  for (let before = 32 * 1024 - 3; before < 32 * 1024 + 2; before++) {
    const output = plainOutput(Buffer.from(`${"x".repeat(before)}${character}y${"z".repeat(10)}`));
    expect(output.slice(before - 1) === `x${shown}yzzzzzzzzzz`, `${before}`).toBe(true);
  }
});

it("an output of invisible characters takes no more space than its bytes, and the report says so", () => {
  const cut = "[The rest is left out: invisible characters take up too much room.]";
  const report = (stdout: string): string =>
    runReport("cat", [done("a", 0, stdout, "")], 10_000, describeError);
  expect(report("\u0001".repeat(100_000)).length).toBeLessThan(101_000);
  expect(report("\u0001".repeat(100_000))).toContain(`\\u{1}\\u{1}\n${cut}`);
  expect(report(`${"\u0001".repeat(800)}${"\u001b[1m".repeat(10_000)}`)).not.toContain(cut);
});

it("a toast begins with the result, and no command or host makes it long or adds a link to it", () => {
  const command = `echo [x](command:evil) ${"x".repeat(500)}`;
  expect(runProgress(2, ["a", "b", "c"], "uptime")).toBe("2 of 3 hosts: uptime");
  expect(runFailures(2, 2, "uptime")).toBe("2 of 2 hosts failed: uptime");
  expect(runProgress(0, ["web1"], "uptime")).toBe("on web1: uptime");
  for (const text of [runProgress(2, ["a", "b"], command), runFailures(2, 2, command)]) {
    expect(text).toMatch(/^2 of 2 hosts( failed)?: echo /);
    expect(text.length).toBeLessThan(90);
    expect(text).not.toContain("[x](");
  }
});
