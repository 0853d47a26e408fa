import { afterEach, describe, expect, test } from "vitest";
import { useTranslations } from "../../../src/base/localize.ts";
import { formatDuration, secondsLeft } from "../../../src/text/durations.ts";

const [minute, hour, day] = [60_000, 3_600_000, 86_400_000];

afterEach(() => useTranslations(undefined));

describe("a duration", () => {
  test.each([
    [59_999, "59 s"],
    [minute, "1 min"],
    [200_500, "3 min 20 s"],
    [hour - 1, "59 min 59 s"],
    [hour + 59_000, "1 h"],
    [day - 1, "23 h 59 min"],
    [day, "1 day"],
    [day + hour - 1, "1 day"],
    [2 * day, "2 days"],
    [10 * day + 3 * hour + 59 * minute, "10 days 3 h"],
  ])("of %d ms is %s", (milliseconds, text) => {
    expect(formatDuration(milliseconds)).toBe(text);
  });

  test("has translated days", () => {
    useTranslations({ "{0} day": "{0} d", "{0} days": "{0} d" });
    expect([formatDuration(day), formatDuration(3 * day + hour)]).toEqual(["1 d", "3 d 1 h"]);
  });

  test.each([
    [-1, "0 s"],
    [1, "1 s"],
    [59_001, "1 min"],
    [89_001, "1 min 30 s"],
  ])("of %d ms remaining is %s", (milliseconds, text) => {
    expect(secondsLeft(milliseconds)).toBe(text);
  });
});
