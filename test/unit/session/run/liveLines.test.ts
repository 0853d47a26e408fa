import { expect, it } from "vitest";
import { LiveLines } from "../../../../src/session/run/liveLines.ts";

const words = { tooMuch: "too much", skipped: (lines: number) => `${lines} skipped` };
const live = (...hosts: readonly string[]) => new LiveLines(hosts, words);
const bytes = (text: string): Buffer => Buffer.from(text, "utf8");

it("marks each line with its host, as the lines come", () => {
  const lines = live("web1", "db");
  lines.push("web1", "stdout", bytes("one\ntw"));
  lines.push("db", "stderr", bytes("careful\r\n"));
  expect(lines.take()).toBe("web1 │ one\ndb   ! careful\n");
  lines.push("web1", "stdout", bytes("o\n\n"));
  expect(lines.take()).toBe("web1 │ two\nweb1 │\n");
  expect(lines.take()).toBe("");
});

it("completes characters and lines that come in pieces, and shows the rest at the end", () => {
  const lines = live("web1");
  const text = bytes("grün");
  lines.push("web1", "stdout", text.subarray(0, 3));
  lines.push("web1", "stdout", text.subarray(3));
  expect(lines.take()).toBe("");
  lines.end("web1", "exit code 0");
  expect(lines.take()).toBe("web1 │ grün\nweb1 ─ exit code 0\n");
});

it("shows the last state of a progress bar, and no control sequences", () => {
  const lines = live("web1");
  lines.push("web1", "stdout", bytes("10 %\r50 %\r100 %\n\u001b[31mred\u001b[0m\u0007\n"));
  const [bar, red] = lines.take().split("\n");
  expect([bar, red]).toEqual(["web1 │ 100 %", expect.stringMatching(/^web1 │ red/)]);
  expect(red).not.toContain("\u0007");
});

it("keeps little, however much a host writes and however long its lines are", () => {
  const lines = live("flood", "calm");
  for (let i = 0; i < 200; i++) {
    lines.push("flood", "stdout", bytes("x".repeat(100_000)));
  }
  const shown = lines.take();
  expect(shown.length).toBeLessThan(300_000);
  expect(shown).toMatch(/^flood │ x{4096}\n/);
  expect(shown).toMatch(/\d+ skipped\n$/);
  lines.push("flood", "stdout", bytes("more\n"));
  lines.push("calm", "stdout", bytes("still heard\n"));
  lines.end("flood", "exit code 1");
  expect(lines.take()).toBe("calm  │ still heard\nflood ─ exit code 1\n");
});

it("says once that the rest of a host's output is only in the report", () => {
  const lines = live("web1");
  let shown = "";
  for (let i = 0; i < 60; i++) {
    lines.push("web1", "stdout", bytes(`${"y".repeat(9_999)}\n`));
    shown += lines.take();
  }
  expect(shown.match(/too much/g)).toHaveLength(1);
  expect(shown).toMatch(/web1 · too much\n$/);
});

it("shows 512 KiB of a host, and the line that goes beyond", () => {
  const lines = live("web1");
  const piece = bytes(`${"y".repeat(1023)}\n`);
  for (let i = 0; i < 512; i++) {
    lines.push("web1", "stdout", piece);
    expect(lines.take()).toBe(`web1 │ ${"y".repeat(1023)}\n`);
  }
  lines.push("web1", "stdout", bytes("z\n"));
  expect(lines.take()).toBe("web1 │ z\nweb1 · too much\n");
  lines.push("web1", "stdout", bytes("z\n"));
  expect(lines.take()).toBe("");
});
