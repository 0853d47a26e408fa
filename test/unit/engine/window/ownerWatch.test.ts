import { describe, expect, test } from "vitest";
import { OwnerWatch } from "../../../../src/engine/window/ownerWatch.ts";
import { ManualClock } from "../../../support/manualClock.ts";

function watched(): { clock: ManualClock; watch: OwnerWatch; pause(on: boolean): void; silences(): number } {
  const clock = new ManualClock();
  let [paused, silences] = [false, 0];
  const watch = new OwnerWatch(
    clock,
    () => paused,
    () => {
      silences++;
      watch.dispose();
    },
  );
  return {
    ...{ clock, watch },
    pause: (on) => {
      paused = on;
    },
    silences: () => silences,
  };
}

describe("the watch over the window that holds a connection", () => {
  test("gives it up after 15 s of silence, once, and leaves no timer", async () => {
    const { clock, silences } = watched();
    await clock.advance(14_000);
    expect(silences()).toBe(0);
    await clock.advance(1_000);
    expect(silences()).toBe(1);
    await clock.advance(60_000);
    expect([silences(), clock.pendingTimers]).toEqual([1, 0]);
  });

  test("counts from the last message", async () => {
    const { clock, watch, silences } = watched();
    for (let count = 0; count < 10; count++) {
      await clock.advance(10_000);
      watch.heard();
    }
    expect(silences()).toBe(0);
  });

  test("does not count the time in which this window does not read", async () => {
    const { clock, pause, silences } = watched();
    pause(true);
    await clock.advance(60_000);
    pause(false);
    await clock.advance(12_500);
    expect(silences()).toBe(0);
    await clock.advance(5_000);
    expect(silences()).toBe(1);
  });

  test("does not count the time in which this process slept", async () => {
    const { clock, silences } = watched();
    clock.sleep(3_600_000);
    await clock.advance(12_500);
    expect(silences()).toBe(0);
    await clock.advance(5_000);
    expect(silences()).toBe(1);
  });
});
