import { describe, expect, it } from "vitest";
import { Deadline, raceSignal } from "../../../src/base/deadline.ts";
import { DisposableStore, toDisposable } from "../../../src/base/disposable.ts";
import { Emitter, nextEvent } from "../../../src/base/emitter.ts";
import { LeaseCounter } from "../../../src/base/lease.ts";
import { printable, silentLogger } from "../../../src/base/log.ts";
import { EnvironmentWatcher } from "../../../src/master/environmentWatcher.ts";
import { ManualClock } from "../../support/manualClock.ts";

describe("disposables", () => {
  it("run once, last added first, and at once if the store is already disposed", () => {
    const order: string[] = [];
    const store = new DisposableStore();
    for (const name of ["a", "b"]) {
      store.add(toDisposable(() => order.push(name)));
    }
    store.dispose();
    store.dispose();
    store.add(toDisposable(() => order.push("late")));
    expect(order).toEqual(["b", "a", "late"]);
  });
});

describe("emitter", () => {
  it("a listener that is removed during an event does not disturb the others", () => {
    const emitter = new Emitter<number>();
    const seen: string[] = [];
    const first = emitter.event((value) => {
      seen.push(`first ${value}`);
      first.dispose();
    });
    emitter.event((value) => seen.push(`second ${value}`));
    emitter.fire(1);
    emitter.fire(2);
    expect(seen).toEqual(["first 1", "second 1", "second 2"]);
  });

  it("nextEvent stops listening when aborted", async () => {
    const emitter = new Emitter<number>();
    const controller = new AbortController();
    const next = nextEvent(emitter.event, controller.signal);
    controller.abort(new Error("enough"));
    await expect(next).rejects.toThrow("enough");
    expect(emitter.hasListeners).toBe(false);
  });
});

describe("deadline", () => {
  it("pauses during a prompt", async () => {
    const clock = new ManualClock();
    const deadline = new Deadline(clock, 1000, () => new Error("too late"));
    await clock.advance(600);
    let answer: () => void = () => {};
    const asked = deadline.paused(
      () =>
        new Promise<void>((resolve) => {
          answer = resolve;
        }),
    );
    await clock.advance(60_000);
    expect(deadline.signal.aborted).toBe(false);
    answer();
    await asked;
    await clock.advance(399);
    expect(deadline.signal.aborted).toBe(false);
    await clock.advance(1);
    expect(deadline.signal.reason).toEqual(new Error("too late"));
  });

  it("follows its parent, and leaves no timer", async () => {
    const clock = new ManualClock();
    const parent = new AbortController();
    const deadline = new Deadline(clock, 1000, () => new Error("too late"), parent.signal);
    parent.abort("stop");
    expect(deadline.signal.reason).toBe("stop");
    expect(clock.pendingTimers).toBe(0);
    await expect(raceSignal(new Promise(() => {}), deadline.signal)).rejects.toBe("stop");
  });
});

describe("lease counter", () => {
  it("releases a lease once, however often it is disposed", async () => {
    const clock = new ManualClock();
    let expired = 0;
    const leases = new LeaseCounter(
      clock,
      1000,
      () => {},
      () => expired++,
    );
    const first = leases.acquire();
    leases.acquire();
    first.dispose();
    first.dispose();
    expect(leases.count).toBe(1);
    await clock.advance(5000);
    expect(expired).toBe(0);
  });
});

describe("printable", () => {
  it.each([
    ["\u001b[31mred", "\\u{1b}[31mred"],
    ["left\u202eright", "left\\u{202e}right"],
    ["tab\tline\n", "tab\\u{9}line\\u{a}"],
    ["arabic\u061cmark", "arabic\\u{61c}mark"],
    ["word\u2060joiner, soft\u00adhyphen", "word\\u{2060}joiner, soft\\u{ad}hyphen"],
    ["tag\u{e0041}", "tag\\u{e0041}"],
    ["filler\u3164", "filler\\u{3164}"],
    ["half\ud83d", "half\\u{d83d}"],
    ["ünïcode ✓ 😀", "ünïcode ✓ 😀"],
  ])("%j becomes %j", (text, shown) => {
    expect(printable(text)).toBe(shown);
  });

  it("truncates long text", () => {
    expect(printable("x".repeat(600), 10)).toBe(`${"x".repeat(10)}…`);
  });
});

describe("environment watcher", () => {
  it("reports a wake-up and a change of addresses, and nothing else", async () => {
    const clock = new ManualClock();
    let addresses = "10.0.0.1";
    const seen: string[] = [];
    const watcher = new EnvironmentWatcher(clock, () => addresses, silentLogger);
    watcher.onDidChange((change) => seen.push(change));
    watcher.start();
    await clock.advance(10_000);
    expect(seen).toEqual([]);
    clock.sleep(60_000);
    await clock.advance(1_000);
    expect(seen).toEqual(["wake"]);
    addresses = "10.0.0.2";
    await clock.advance(2_000);
    expect(seen).toEqual(["wake", "addresses"]);
    watcher.stop();
    expect(clock.pendingTimers).toBe(0);
  });
});
