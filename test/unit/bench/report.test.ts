import { describe, expect, test } from "vitest";
import { barIsMet, type Row } from "../../bench/benchmark.ts";
import { interleaved, median } from "../../bench/measure.ts";
import { jsonText, tableText } from "../../bench/report.ts";

const faster: Row = { name: "a", unit: "ms", ours: 3, peer: 12, bar: { of: "ratio", value: 0.4 } };
const alone: Row = { name: "b", unit: "KB", ours: 2000, peer: undefined, bar: { of: "ours", value: 1024 } };

describe("benchmark rows", () => {
  test("the file has exactly name, unit, ours, peer and ratio", () => {
    expect(JSON.parse(jsonText([faster, alone]))).toEqual([
      { name: "a", unit: "ms", ours: 3, peer: 12, ratio: 0.25 },
      { name: "b", unit: "KB", ours: 2000, peer: null, ratio: null },
    ]);
  });

  test("the table shows which bars are met", () => {
    const lines = tableText([faster, alone]).split("\n");
    expect(lines[2]).toMatch(/^a +ms +3\.00 +12\.0 +0\.25 +≤ 0\.4x met$/);
    expect(lines[3]).toMatch(/^b +KB +2000 +≤ 1024 KB MISSED$/);
  });

  test("a rate has to reach its bar", () => {
    const rate: Row = {
      name: "c",
      unit: "MB/s",
      ours: 20,
      peer: 10,
      bar: { of: "ratio", value: 2, least: true },
    };
    expect(barIsMet(rate)).toBe(true);
    expect(barIsMet({ ...rate, ours: 19 })).toBe(false);
  });
});

describe("measuring", () => {
  test("the median is the middle value, or between the two", () => {
    expect([median([9, 1, 5]), median([4, 1, 2, 9])]).toEqual([5, 3]);
  });

  test("both sides take turns, and the warm-up does not count", async () => {
    const order: string[] = [];
    let round = 0;
    const result = await interleaved(
      async () => {
        order.push("ours");
        return round++ === 0 ? 1000 : 1;
      },
      async () => {
        order.push("peer");
        return 2;
      },
      { runs: 2, warmUp: 1 },
    );
    expect(order).toEqual(["ours", "peer", "peer", "ours", "ours", "peer"]);
    expect(result).toEqual({ ours: 1, peer: 2 });
  });
});
