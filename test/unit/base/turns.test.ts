import fc from "fast-check";
import { expect, test } from "vitest";
import { atOnce, inTurns, type Steps, sortedInSteps, stepsOver } from "../../../src/base/turns.ts";

/** How often the work offers to pause. */
function pauses(steps: Steps<unknown>): number {
  let count = 0;
  for (const _ of steps) {
    count++;
  }
  return count;
}

test("sorting in steps gives the result of Array.sort, with equal keys in their order", () => {
  const items = fc.array(fc.record({ key: fc.nat(20), place: fc.nat() }), { maxLength: 200 });
  fc.assert(
    fc.property(items, fc.integer({ min: 1, max: 50 }), (given, size) => {
      const expected = [...given].sort((a, b) => a.key - b.key);
      expect(atOnce(sortedInSteps(given, size, ({ key }) => key))).toEqual(expected);
    }),
  );
});

test("sorting and walking offer a pause for each slice", () => {
  const numbers = Array.from({ length: 10_000 }, (_, index) => -index);
  expect(pauses(sortedInSteps(numbers, 1_000, (value) => value))).toBeGreaterThan(30);
  const seen: number[] = [];
  expect(pauses(stepsOver(numbers, 1_000, (value) => seen.push(value)))).toBe(10);
  expect(seen).toEqual(numbers);
});

test("steps that throw reject", async () => {
  const failing = stepsOver([1], 1, () => {
    throw new Error("no");
  });
  await expect(inTurns(failing)).rejects.toThrow("no");
});
