import { beforeEach, describe, expect, it } from "vitest";
import { Coalescer } from "../../../../src/vscode/views/coalescer.ts";
import { ManualClock } from "../../../support/manualClock.ts";

describe("a burst of requests", () => {
  let clock: ManualClock;
  let runs: number;
  let coalescer: Coalescer;

  beforeEach(() => {
    clock = new ManualClock();
    runs = 0;
    coalescer = new Coalescer(clock, 50, () => runs++);
  });

  it("is handled once, a moment after the first", async () => {
    coalescer.request();
    await clock.advance(40);
    coalescer.request();
    expect(runs).toBe(0);
    await clock.advance(10);
    expect(runs).toBe(1);
    await clock.advance(100);
    expect(runs).toBe(1);
  });

  it("is handled at once if a caller can't wait, and then not again", async () => {
    coalescer.flush();
    expect(runs).toBe(0);
    coalescer.request();
    coalescer.flush();
    expect(runs).toBe(1);
    await clock.advance(100);
    expect(runs).toBe(1);
    coalescer.request();
    await clock.advance(50);
    expect(runs).toBe(2);
  });

  it("is not handled after the end", async () => {
    coalescer.request();
    coalescer.dispose();
    coalescer.flush();
    coalescer.request();
    await clock.advance(100);
    expect(runs).toBe(0);
  });
});
