import { expect, test } from "vitest";
import { Deadline } from "../../../src/base/deadline.ts";
import { ForwardError } from "../../../src/engine/engineErrors.ts";
import { DescriptorBudget } from "../../../src/forward/descriptorBudget.ts";
import { ManualClock } from "../../support/manualClock.ts";

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

test("a client waits for a bounded time, and its place is free then", async () => {
  const clock = new ManualClock();
  const run = new AbortController();
  const budget = new DescriptorBudget(4);
  const deadline = (): Deadline =>
    new Deadline(clock, 30_000, () => new ForwardError("not-connected", "too late"), run.signal);
  for (let n = 0; n < 4; n++) {
    await budget.takeInTime(deadline);
  }
  expect([budget.used, clock.pendingTimers]).toEqual([4, 0]);
  const late = budget.takeInTime(deadline);
  const failed = expect(late).rejects.toMatchObject({ reason: "no-descriptors" });
  // A quarter of the limit waits already.
  await expect(budget.takeInTime(deadline)).rejects.toMatchObject({ reason: "no-descriptors" });
  await clock.advance(29_999);
  expect(clock.pendingTimers).toBe(1);
  await clock.advance(1);
  await failed;
  const next = budget.takeInTime(deadline);
  budget.giveBack();
  await next;
  expect([budget.used, clock.pendingTimers]).toEqual([4, 0]);
  const stopped = budget.takeInTime(deadline);
  run.abort(new Error("stopped"));
  await expect(stopped).rejects.toThrow("stopped");
  expect([budget.used, clock.pendingTimers]).toEqual([4, 0]);
});
