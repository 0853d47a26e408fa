import { expect, test } from "vitest";
import { Deadline } from "../../../src/base/deadline.ts";
import { ForwardError } from "../../../src/engine/engineErrors.ts";
import { DescriptorBudget, type DescriptorShare } from "../../../src/forward/descriptorBudget.ts";
import { ManualClock } from "../../support/manualClock.ts";

const { signal } = new AbortController();

/** Takes as many as it gets at once. */
function fill(share: DescriptorShare): number {
  let taken = 0;
  while (share.tryTake()) {
    taken++;
  }
  return taken;
}

test("one forward gets three quarters of the limit, and each further one three quarters of the rest", () => {
  const budget = new DescriptorBudget(512);
  const taken = Array.from({ length: 4 }, () => fill(budget.share()));
  expect(taken).toEqual([384, 96, 24, 6]);
  expect(budget.used).toBe(510);
});

test("a forward whose part is used up does not take the sockets that another one gives back", async () => {
  const budget = new DescriptorBudget(16);
  const [greedy, other] = [budget.share(), budget.share()];
  expect([fill(greedy), fill(other)]).toEqual([12, 3]);
  const served: string[] = [];
  const first = greedy.take(signal)?.then(() => served.push("greedy"));
  const second = other.take(signal)?.then(() => served.push("other"));
  // With two free ones a forward may have six.
  other.giveBack();
  await second;
  greedy.giveBack();
  greedy.giveBack();
  expect(served).toEqual(["other"]);
  // With four free ones, twelve.
  greedy.giveBack();
  await first;
  expect([greedy.used, other.used, budget.used]).toEqual([10, 3, 13]);
});

test("above its part a forward's clients wait for their turn, and are served in the order of their arrival", async () => {
  const budget = new DescriptorBudget(32);
  const share = budget.share();
  expect(fill(share)).toBe(24);
  const served: string[] = [];
  const one = share.take(signal)?.then(() => served.push("one"));
  const two = share.take(signal)?.then(() => served.push("two"));
  // A later client is not served before those that wait.
  expect(share.tryTake()).toBe(false);
  share.giveBack();
  share.giveBack();
  await Promise.all([one, two]);
  expect(served).toEqual(["one", "two"]);
  expect(budget.used).toBe(24);
});

test("the clients of one forward that may wait leave room for those of another", async () => {
  const budget = new DescriptorBudget(64);
  const [greedy, other] = [budget.share(), budget.share()];
  fill(greedy);
  fill(other);
  const waiting = (share: DescriptorShare): number => {
    let count = 0;
    while (share.take(signal) !== undefined) {
      count++;
    }
    return count;
  };
  // A quarter of the limit may wait.
  expect([waiting(greedy), waiting(other)]).toEqual([12, 3]);
});

test("a client whose forward is stopped leaves the queue without a descriptor", async () => {
  const budget = new DescriptorBudget(32);
  const share = budget.share();
  const count = fill(share);
  const stop = new AbortController();
  const stopped = share.take(stop.signal);
  const next = share.take(signal);
  stop.abort(new Error("stopped"));
  await expect(stopped).rejects.toThrow("stopped");
  share.giveBack();
  await next;
  expect(budget.used).toBe(count);
  await expect(share.take(stop.signal)).rejects.toThrow("stopped");
  for (let n = 0; n < count; n++) {
    share.giveBack();
  }
  expect([budget.used, share.used, share.waiting]).toEqual([0, 0, 0]);
});

test("a client waits for a bounded time, and its place is free then", async () => {
  const clock = new ManualClock();
  const run = new AbortController();
  const budget = new DescriptorBudget(4);
  const share = budget.share();
  const deadline = (): Deadline =>
    new Deadline(clock, 30_000, () => new ForwardError("not-connected", "too late"), run.signal);
  for (let n = 0; n < 3; n++) {
    await share.takeInTime(deadline);
  }
  expect([budget.used, clock.pendingTimers]).toEqual([3, 0]);
  const late = share.takeInTime(deadline);
  const failed = expect(late).rejects.toMatchObject({ reason: "no-descriptors" });
  // A quarter of the limit waits already.
  await expect(share.takeInTime(deadline)).rejects.toMatchObject({ reason: "no-descriptors" });
  await clock.advance(29_999);
  expect(clock.pendingTimers).toBe(1);
  await clock.advance(1);
  await failed;
  const next = share.takeInTime(deadline);
  share.giveBack();
  await next;
  expect([budget.used, clock.pendingTimers]).toEqual([3, 0]);
  const stopped = share.takeInTime(deadline);
  run.abort(new Error("stopped"));
  await expect(stopped).rejects.toThrow("stopped");
  expect([budget.used, clock.pendingTimers]).toEqual([3, 0]);
});
