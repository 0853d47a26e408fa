import { expect, test } from "vitest";
import { DescriptorBudget } from "../../../src/forward/descriptorBudget.ts";

const { signal } = new AbortController();

test("above the limit clients wait for their turn, and are served in the order of their arrival", async () => {
  const budget = new DescriptorBudget(8);
  for (let n = 0; n < 8; n++) {
    await budget.take(signal);
  }
  const served: string[] = [];
  const one = budget.take(signal)?.then(() => served.push("one"));
  const two = budget.take(signal)?.then(() => served.push("two"));
  expect(one).toBeDefined();
  expect(two).toBeDefined();
  budget.giveBack();
  budget.giveBack();
  await Promise.all([one, two]);
  expect(served).toEqual(["one", "two"]);
  expect(budget.used).toBe(8);
});

test("a quarter of the limit may wait, and no more", async () => {
  const budget = new DescriptorBudget(4);
  for (let n = 0; n < 4; n++) {
    await budget.take(signal);
  }
  const waiting = budget.take(signal);
  expect(budget.take(signal)).toBeUndefined();
  budget.giveBack();
  await waiting;
  expect(budget.take(signal)).toBeDefined();
});

test("a client whose forward is stopped leaves the queue without a descriptor", async () => {
  const budget = new DescriptorBudget(8);
  for (let n = 0; n < 8; n++) {
    await budget.take(signal);
  }
  const stop = new AbortController();
  const stopped = budget.take(stop.signal);
  const next = budget.take(signal);
  stop.abort(new Error("stopped"));
  await expect(stopped).rejects.toThrow("stopped");
  budget.giveBack();
  await next;
  expect(budget.used).toBe(8);
  const late = budget.take(stop.signal);
  await expect(late).rejects.toThrow("stopped");
  for (let n = 0; n < 8; n++) {
    budget.giveBack();
  }
  expect(budget.used).toBe(0);
});
