import { expect, it } from "vitest";
import {
  clockTime,
  clockTimeToTheMillisecond,
  clockTimeToTheSecond,
  dayAndTime,
  weekdayAndTime,
} from "../../../src/text/clockTimes.ts";

const noon = new Date(2026, 0, 15, 12, 34, 56).getTime();

it("a time is that of the machine's clock", () => {
  expect(clockTime(noon)).toMatch(/12:34/);
  expect(clockTime(noon)).not.toMatch(/56/);
  expect(clockTimeToTheSecond(noon)).toMatch(/12:34:56/);
});

it("the date is shown only for another day", () => {
  expect(dayAndTime(noon, noon + 3_600_000)).toBe(clockTimeToTheSecond(noon));
  const tomorrow = dayAndTime(noon, noon + 24 * 3_600_000);
  expect(tomorrow).toMatch(/15.*2026.*12:34:56|2026.*15.*12:34:56/);
});

it("every time counts 24 hours", () => {
  const afternoon = new Date(2026, 0, 15, 14, 3, 22, 7).getTime();
  const formats = [clockTime, clockTimeToTheSecond, clockTimeToTheMillisecond, weekdayAndTime];
  for (const text of formats.map((format) => format(afternoon))) {
    expect(text).toMatch(/14:03/);
  }
  expect(clockTimeToTheMillisecond(afternoon)).toMatch(/14:03:22\.007/);
  expect(weekdayAndTime(afternoon)).toMatch(/15/);
});
