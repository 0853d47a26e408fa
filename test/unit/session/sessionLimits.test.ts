import { beforeEach, describe, expect, it } from "vitest";
import { SessionLimits } from "../../../src/session/sessionLimits.ts";
import type { LimitKind, SessionLimit } from "../../../src/session/sessionTypes.ts";
import { ManualClock } from "../../support/manualClock.ts";

const limit = (kind: LimitKind, seconds: number): SessionLimit => ({
  ...{ kind, seconds, source: { kind: "default" } },
});

describe("the limits of an open session", () => {
  let clock: ManualClock;
  let events: string[];
  let elsewhere: number;
  let limits: SessionLimits;
  beforeEach(() => {
    clock = new ManualClock();
    events = [];
    elsewhere = Number.NEGATIVE_INFINITY;
    limits = new SessionLimits(clock, {
      onWarn: (kind, seconds) => events.push(`warn ${kind} ${seconds}`),
      onReached: (kind, seconds, extended) =>
        events.push(`end ${kind} ${seconds}${extended ? " extended" : ""}`),
      lastActivityOnConnection: () => elsewhere,
    });
  });
  const left = () => limits.left().map(({ kind, milliseconds }) => [kind, milliseconds]);

  it("an idle limit warns again after data arrived in between", async () => {
    limits.start([limit("idle", 300)]);
    await clock.advance(240_000);
    expect(events).toEqual(["warn idle 60"]);
    limits.touch();
    await clock.advance(239_000);
    expect(events).toHaveLength(1);
    await clock.advance(1000);
    expect(events).toEqual(["warn idle 60", "warn idle 60"]);
    await clock.advance(60_000);
    expect(events.at(-1)).toBe("end idle 300");
  });

  it("what a terminal draws for a new size starts ChannelTimeout again, and no idle limit", async () => {
    limits.start([limit("idle", 300), limit("channel-timeout", 300)]);
    await clock.advance(100_000);
    limits.touch(true);
    expect(left()).toEqual([
      ["idle", 200_000],
      ["channel-timeout", 300_000],
    ]);
  });

  it("a time limit keeps running, whatever the data; a short one warns at half of it", async () => {
    limits.start([limit("time", 100)], clock.monotonic() - 30_000);
    await clock.advance(20_000);
    limits.touch();
    expect(events).toEqual(["warn time 50"]);
    await clock.advance(50_000);
    expect(events).toEqual(["warn time 50", "end time 100"]);
  });

  it("reports the remaining time, the first end first, and restarts when extended", async () => {
    limits.start([limit("time", 300), limit("idle", 120)]);
    await clock.advance(100_000);
    expect(left()).toEqual([
      ["idle", 20_000],
      ["time", 200_000],
    ]);
    limits.extend();
    expect(left()).toEqual([
      ["idle", 120_000],
      ["time", 300_000],
    ]);
  });

  it.each([
    ["time", "end time 100 extended"],
    // It still ends after this time without data.
    ["idle", "end idle 100"],
  ] as const)("the end after an extension says from when a %s limit counted", async (kind, end) => {
    limits.start([limit(kind, 100)]);
    await clock.advance(60_000);
    limits.extend();
    await clock.advance(100_000);
    expect(events.at(-1)).toBe(end);
  });

  it("a limit for the whole connection is postponed by data on other sessions, and warns again", async () => {
    limits.start([limit("global-timeout", 300)]);
    await clock.advance(240_000);
    elsewhere = clock.monotonic();
    expect(left()).toEqual([["global-timeout", 300_000]]);
    await clock.advance(299_000);
    expect(events).toEqual(["warn global-timeout 60", "warn global-timeout 60"]);
    await clock.advance(1000);
    expect(events.at(-1)).toBe("end global-timeout 300");
  });

  it.each(["idle", "channel-timeout"] as const)("an %s limit is about its own session only", async (kind) => {
    limits.start([limit(kind, 300)]);
    await clock.advance(240_000);
    elsewhere = clock.monotonic();
    await clock.advance(60_000);
    expect(events.at(-1)).toBe(`end ${kind} 300`);
  });

  it("leaves no timer when it is over", async () => {
    limits.start([limit("time", 5), limit("idle", 9)]);
    await clock.advance(5000);
    expect([events.at(-1), clock.pendingTimers, left()]).toEqual(["end time 5", 0, []]);
  });
});
