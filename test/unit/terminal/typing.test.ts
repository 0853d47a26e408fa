import { expect, test } from "vitest";
import { Typing } from "../../../src/terminal/typing.ts";
import { ManualClock } from "../../support/manualClock.ts";

test("others rest while somebody types in one terminal, and for a second after the last key", async () => {
  const clock = new ManualClock();
  const typing = new Typing(clock);
  const [one, other] = [{}, {}];
  expect(typing.restFor(one)).toBe(0);
  typing.typed(one);
  expect(typing.restFor(one)).toBe(0);
  expect(typing.restFor(other)).toBeGreaterThan(0);
  await clock.advance(999);
  expect(typing.restFor(other)).toBeGreaterThan(0);
  typing.typed(other);
  expect(typing.restFor(other)).toBe(0);
  expect(typing.restFor(one)).toBeGreaterThan(0);
  await clock.advance(1000);
  expect(typing.restFor(one)).toBe(0);
});
