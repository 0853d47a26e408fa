import { describe, expect, it } from "vitest";
import { growthOf } from "./support/growth.ts";

function spin(steps: number): number {
  let sum = 0;
  for (let step = 0; step < steps; step += 1) {
    sum = (sum * 31 + step) % 1_000_003;
  }
  return sum;
}

describe("the measure of growth", () => {
  it("distinguishes quadratic from linear work", async () => {
    const linear = await growthOf(20_000_000, spin);
    const quadratic = await growthOf(5_000, (size) => spin(size * size));
    expect(linear.factor).toBeLessThan(2.7);
    expect(quadratic.factor).toBeGreaterThan(3);
  });
});
