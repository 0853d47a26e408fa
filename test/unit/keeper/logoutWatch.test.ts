import { beforeEach, describe, expect, test } from "vitest";
import type { LoginState } from "../../../src/keeper/loginState.ts";
import { LogoutWatch } from "../../../src/keeper/logoutWatch.ts";
import { ManualClock } from "../../support/manualClock.ts";

const minute = 60_000;

describe("the watch for a logout", () => {
  let clock: ManualClock;
  let state: LoginState;
  let over: string[];
  let watch: LogoutWatch;

  beforeEach(() => {
    clock = new ManualClock();
    state = "here";
    over = [];
    watch = new LogoutWatch({
      clock,
      lookEvery: 5_000,
      state: async () => state,
      onLogout: (why) => over.push(why),
    });
  });

  test("a user who is logged in keeps it without a window for days", async () => {
    watch.update(false);
    await clock.advance(3 * 24 * 60 * minute);
    expect(over).toEqual([]);
  });

  test("a user who has logged out ends it within seconds, once", async () => {
    watch.update(false);
    await clock.advance(minute);
    state = "gone";
    await clock.advance(5_000);
    expect(over).toEqual([]);
    await clock.advance(5_000);
    expect(over).toEqual(["its user has logged out"]);
    await clock.advance(minute);
    expect(over).toHaveLength(1);
    expect(clock.pendingTimers).toBe(0);
  });

  test("a user who logs in again at once stays", async () => {
    watch.update(false);
    for (let time = 0; time < 10; time++) {
      state = time % 2 === 0 ? "gone" : "here";
      await clock.advance(5_000);
    }
    expect(over).toEqual([]);
  });

  test("while a window is there, no record ends it, and its last leave starts the count", async () => {
    state = "gone";
    watch.update(true);
    await clock.advance(10 * minute);
    expect([over, clock.pendingTimers]).toEqual([[], 0]);
    watch.update(false);
    await clock.advance(5_000);
    watch.update(true);
    watch.update(false);
    await clock.advance(5_000);
    expect(over).toEqual([]);
    await clock.advance(5_000);
    expect(over).toHaveLength(1);
  });

  test("where the system has no records, an hour without a window ends it", async () => {
    state = "unknown";
    watch.update(false);
    await clock.advance(59 * minute);
    watch.update(true);
    watch.update(false);
    await clock.advance(59 * minute);
    expect(over).toEqual([]);
    await clock.advance(minute);
    expect(over).toEqual(["no window was there for an hour"]);
  });

  test.each(["gone", "unknown"] as const)(
    "a user who wants it to go on after a logout keeps it (%s)",
    async (now) => {
      state = now;
      watch.staysAfterLogout = true;
      watch.update(false);
      await clock.advance(24 * 60 * minute);
      expect(over).toEqual([]);
      watch.staysAfterLogout = false;
      await clock.advance(10_000);
      expect(over).toHaveLength(1);
    },
  );

  test("a window that comes while the state is read is not disturbed", async () => {
    let answer: (state: LoginState) => void = () => {};
    const slow = new LogoutWatch({
      ...{ clock, lookEvery: 5_000 },
      state: () =>
        new Promise((resolve) => {
          answer = resolve;
        }),
      onLogout: (why) => over.push(why),
    });
    slow.update(false);
    await clock.advance(5_000);
    answer("gone");
    await clock.advance(5_000);
    slow.update(true);
    answer("gone");
    await clock.advance(minute);
    expect([over, clock.pendingTimers]).toEqual([[], 0]);
  });
});
