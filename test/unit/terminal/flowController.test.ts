import { describe, expect, test } from "vitest";
import { FlowController } from "../../../src/terminal/flowController.ts";
import type { FlowLimits } from "../../../src/terminal/flowLimits.ts";
import { ManualClock } from "../../support/manualClock.ts";

const K = 1024;
const line = `${"x".repeat(1022)}\r\n`;

const testLimits: Partial<FlowLimits> = { step: 32 * K, window: 256 * K, targetRoundTrip: 60 };

/** A terminal that parses `rate` units per millisecond and answers marks when it reaches them; 0 never replies. */
class Harness {
  readonly clock = new ManualClock();
  readonly log: string[] = [];
  readonly flow: FlowController;
  written = "";
  readonly queries: number[] = [];

  /** Milliseconds. */
  restTime = 0;

  #marks = 0;

  constructor(limits: Partial<FlowLimits> = {}) {
    this.flow = new FlowController(
      {
        clock: this.clock,
        write: (text) => {
          this.written += text;
          for (const [, index] of text.matchAll(/\u001b\[\?1(\d{9})\$p/g)) {
            this.queries.push(Number(index));
          }
        },
        pause: () => this.log.push("pause"),
        resume: () => this.log.push("resume"),
      },
      {
        limits: { ...testLimits, ...limits },
        restTime: () => this.restTime,
        newMark: () => this.#marks++,
      },
    );
  }

  /** Writes while not paused, at most `units`. @returns the written text */
  flood(units: number): number {
    let sent = 0;
    while (!this.flow.paused && sent < units) {
      this.flow.write(line);
      sent += line.length;
    }
    return sent;
  }

  answerAll(): void {
    const last = this.queries.at(-1);
    this.queries.length = 0;
    if (last !== undefined) {
      this.flow.acknowledge(last);
    }
  }

  /** Full windows, each answered `roundTrip` after it filled. */
  async rounds(count: number, roundTrip: number): Promise<number[]> {
    const windows: number[] = [];
    for (let round = 0; round < count; round++) {
      this.flood(64 * K * K);
      await this.clock.advance(roundTrip);
      this.answerAll();
      windows.push(this.flow.window);
    }
    return windows;
  }
}

describe("marks", () => {
  test("interactive work has none", () => {
    const { flow, queries } = new Harness();
    for (let key = 0; key < 31; key++) {
      flow.write(line);
    }
    expect(queries).toEqual([]);
    flow.write(line);
    expect(queries).toEqual([0]);
  });

  test("text is unchanged except for the marks, also in one large chunk", () => {
    const harness = new Harness();
    const text = line.repeat(200);
    harness.flow.write(text);
    expect(harness.queries).toEqual([0, 1, 2, 3, 4, 5]);
    expect(harness.written.replace(/\u001b\[\?\d{10}\$p/g, "")).toBe(text);
  });

  test("a large chunk is never cut inside a surrogate pair", () => {
    const parts: string[] = [];
    const flow = new FlowController({
      clock: new ManualClock(),
      write: (text) => parts.push(text),
      pause: () => {},
      resume: () => {},
    });
    flow.write(`a${"😀".repeat(40_000)}`);
    expect(parts.length).toBeGreaterThan(1);
    for (const part of parts) {
      expect(Buffer.from(part).toString()).toBe(part);
    }
  });

  test("an endless line of wide characters contains marks; a long DCS string none", () => {
    const wide = new Harness();
    wide.flow.write("漢字".repeat(64 * K));
    expect(wide.queries.length).toBeGreaterThan(1);
    const sixel = new Harness();
    sixel.flow.write(`\u001bPq${"~-$#0".repeat(40 * K)}`);
    expect(sixel.queries).toEqual([]);
  });
});

describe("pausing", () => {
  test("the source is paused at the window and resumed below it", () => {
    const harness = new Harness();
    expect(harness.flood(64 * K * K)).toBe(256 * K);
    expect(harness.log).toEqual(["pause"]);
    harness.flow.acknowledge(0);
    expect(harness.log).toEqual(["pause", "resume"]);
    expect(harness.flow.backlog).toBe(224 * K);
  });

  test("an acknowledgement counts for all marks before it, once, in any order", () => {
    const harness = new Harness();
    harness.flood(64 * K * K);
    harness.flow.acknowledge(5);
    expect(harness.flow.backlog).toBe(64 * K);
    harness.flow.acknowledge(2);
    harness.flow.acknowledge(5);
    harness.flow.acknowledge(999_999);
    expect(harness.flow.backlog).toBe(64 * K);
    harness.flow.acknowledge(7);
    expect(harness.flow.backlog).toBe(0);
    expect(harness.flow.outstanding).toBe(false);
  });

  test("a source that delivers more during resume is paused again", () => {
    const clock = new ManualClock();
    const log: string[] = [];
    let mark = 0;
    const flow: FlowController = new FlowController(
      {
        clock,
        write: () => {},
        pause: () => log.push("pause"),
        resume: () => {
          log.push("resume");
          flow.write(line.repeat(600));
        },
      },
      { limits: testLimits, newMark: () => mark++ },
    );
    flow.write(line.repeat(256));
    flow.acknowledge(7);
    expect(log).toEqual(["pause", "resume", "pause"]);
    expect(flow.paused).toBe(true);
  });
});

describe("adapting the window", () => {
  test("grows while the terminal replies faster than the target, up to the largest", async () => {
    const windows = await new Harness().rounds(40, 10);
    expect(windows[0]).toBe(320 * K);
    expect(windows.at(-1)).toBe(4096 * K);
  });

  test("shrinks while it is slower, down to the smallest", async () => {
    const windows = await new Harness().rounds(20, 300);
    expect(windows[0]).toBeLessThan(256 * K);
    expect(windows.at(-1)).toBe(128 * K);
  });

  test("settles where a terminal of steady speed takes the target time", async () => {
    const harness = new Harness();
    for (let round = 0; round < 60; round++) {
      harness.flood(64 * K * K);
      // 6 MB/s
      await harness.clock.advance(harness.flow.backlog / 6000);
      harness.answerAll();
    }
    expect(harness.flow.window).toBeGreaterThan(300 * K);
    expect(harness.flow.window).toBeLessThan(420 * K);
  });

  test("is unchanged if the window was not the limit", async () => {
    const harness = new Harness();
    for (let round = 0; round < 20; round++) {
      harness.flood(64 * K);
      await harness.clock.advance(5);
      harness.answerAll();
    }
    expect(harness.flow.window).toBe(256 * K);
    expect(harness.log).toEqual([]);
  });

  test("a throttled renderer gets 2 MB at a time, and the old window when it has recovered", async () => {
    const harness = new Harness();
    await harness.rounds(1, 1000);
    expect(harness.flow.window).toBe(2048 * K);
    await harness.rounds(1, 1000);
    expect(harness.flow.window).toBe(2048 * K);
    await harness.rounds(1, 300);
    expect(harness.flow.window).toBe(256 * K);
  });

  test("a terminal that is merely slow does not count as throttled for good", async () => {
    const harness = new Harness();
    let largest = 0;
    for (let round = 0; round < 40; round++) {
      harness.flood(64 * K * K);
      // A hiccup first, then 1.5 MB/s.
      await harness.clock.advance(round === 0 ? 1000 : harness.flow.backlog / 1500);
      harness.answerAll();
      if (round > 10) {
        largest = Math.max(largest, harness.flow.window);
      }
    }
    expect(largest).toBeLessThan(512 * K);
  });
});

describe("without replies", () => {
  test("one more window every 5 s, up to the hard cap, if the terminal has replied before", async () => {
    const harness = new Harness({ hardCap: 1024 * K });
    harness.flood(64 * K);
    harness.answerAll();
    harness.flood(64 * K * K);
    const window = harness.flow.window;
    expect(harness.flow.backlog).toBe(window);
    await harness.clock.advance(5000);
    harness.flood(64 * K * K);
    expect(harness.flow.backlog).toBe(2 * window);
    for (let round = 0; round < 10; round++) {
      await harness.clock.advance(5000);
      harness.flood(64 * K * K);
    }
    expect(harness.flow.backlog).toBe(1024 * K);
    expect(harness.clock.pendingTimers).toBe(0);
    harness.answerAll();
    expect(harness.flow.paused).toBe(false);
    expect(harness.flow.backlog).toBe(0);
  });

  test("a terminal that never replies gets data at a steady rate", async () => {
    const harness = new Harness();
    await harness.clock.advance(0);
    let sent = harness.flood(64 * K * K);
    for (let second = 0; second < 20; second++) {
      for (let tenth = 0; tenth < 10; tenth++) {
        await harness.clock.advance(100);
        sent += harness.flood(64 * K * K);
      }
    }
    expect(sent).toBeGreaterThan(20 * K * K);
    harness.flow.dispose();
    expect(harness.clock.pendingTimers).toBe(0);
  });

  test("an endless string without a place for a mark neither stalls nor runs without limit", async () => {
    const harness = new Harness({ hardCap: 1024 * K });
    harness.flood(64 * K);
    harness.answerAll();
    const dcs = "~".repeat(1000);
    harness.flow.write("\u001bPq");
    const pour = (): number => {
      let sent = 0;
      while (!harness.flow.paused) {
        harness.flow.write(dcs);
        sent += dcs.length;
      }
      return sent;
    };
    expect(pour()).toBeLessThan(1026 * K);
    await harness.clock.advance(5000);
    expect(pour()).toBeGreaterThan(255_000);
    harness.flow.write("\u001b\\");
    harness.flow.write(line.repeat(64));
    harness.answerAll();
    expect(harness.flow.paused).toBe(false);
  });

  test("disposed during a flood: no timer, no further pause or resume", async () => {
    const harness = new Harness();
    harness.flood(64 * K * K);
    harness.flow.dispose();
    harness.flow.acknowledge(3);
    harness.flow.write(line.repeat(600));
    expect(harness.clock.pendingTimers).toBe(0);
    expect(harness.log).toEqual(["pause"]);
  });
});

describe("while it yields to others", () => {
  test("one step at a time, with pauses in between; then as before", async () => {
    const harness = new Harness();
    const windows = await harness.rounds(3, 60);
    const window = windows.at(-1) ?? 0;
    harness.restTime = 100;
    let sent = 0;
    for (let time = 0; time < 2000; time += 10) {
      sent += harness.flood(64 * K * K);
      await harness.clock.advance(10);
      harness.answerAll();
    }
    expect(sent).toBeGreaterThan(10 * 32 * K);
    expect(sent).toBeLessThan(30 * 32 * K);
    expect(harness.flow.window).toBe(window);
    harness.restTime = 0;
    harness.answerAll();
    await harness.clock.advance(100);
    expect(harness.flow.paused).toBe(false);
    expect(harness.flood(64 * K * K)).toBeGreaterThan(window - 64 * K);
    harness.flow.dispose();
    expect(harness.clock.pendingTimers).toBe(0);
  });

  test("output that fits in a step does not pause", async () => {
    const harness = new Harness();
    harness.restTime = 100;
    for (let lines = 0; lines < 20; lines++) {
      harness.flow.write(line);
    }
    expect(harness.log).toEqual([]);
    expect(harness.clock.pendingTimers).toBe(0);
  });

  test("output that arrives anyway, and is acknowledged at once, does not widen the window", async () => {
    const harness = new Harness();
    await harness.rounds(1, 60);
    const window = harness.flow.window;
    harness.restTime = 100;
    for (let round = 0; round < 10; round++) {
      harness.flow.write(line.repeat(64));
      expect(harness.flow.paused).toBe(true);
      await harness.clock.advance(5);
      harness.answerAll();
    }
    expect(harness.flow.window).toBe(window);
  });

  test("nor does lost output, however long the others continue", async () => {
    const harness = new Harness();
    await harness.rounds(1, 60);
    harness.restTime = 100;
    harness.flood(64 * K * K);
    harness.queries.length = 0;
    await harness.clock.advance(5200);
    expect(harness.flow.paused).toBe(false);
    let sent = 0;
    for (let time = 0; time < 1000; time += 10) {
      sent += harness.flood(64 * K * K);
      await harness.clock.advance(10);
      harness.answerAll();
    }
    expect(sent).toBeGreaterThan(5 * 32 * K);
  });

  test("a reply that is lost meanwhile stops nothing", async () => {
    const harness = new Harness();
    await harness.rounds(1, 60);
    harness.restTime = 100;
    harness.flood(64 * K * K);
    expect(harness.flow.paused).toBe(true);
    harness.restTime = 0;
    await harness.clock.advance(100);
    expect(harness.flow.paused).toBe(false);
  });
});

describe("while frames are held back", () => {
  const begin = "\u001b[?2026h";
  const end = "\u001b[?2026l";

  /** The terminal must not draw, and the source may continue. */
  async function holding(): Promise<Harness> {
    const harness = new Harness();
    await harness.rounds(3, 50);
    harness.written = "";
    for (
      let lines = 0;
      lines < 1000 && harness.written.lastIndexOf(begin) <= harness.written.lastIndexOf(end);
      lines++
    ) {
      harness.flow.write(line);
      await harness.clock.advance(1);
      harness.answerAll();
    }
    expect(harness.flow.paused).toBe(false);
    harness.written = "";
    return harness;
  }

  test("output that continues in small amounts is shown soon, not only when it fills a step", async () => {
    const harness = await holding();
    for (let time = 0; time < 300; time += 20) {
      harness.flow.write("\r50 %");
      await harness.clock.advance(20);
    }
    expect(harness.written).toContain(end);
    harness.flow.dispose();
    expect(harness.clock.pendingTimers).toBe(0);
  });

  test("a source that was paused gets the time of a stall to continue", async () => {
    const harness = await holding();
    harness.flood(64 * K * K);
    expect(harness.flow.paused).toBe(true);
    expect(harness.written).not.toContain(end);
    await harness.clock.advance(55);
    harness.answerAll();
    expect(harness.flow.paused).toBe(false);
    await harness.clock.advance(10);
    expect(harness.written).not.toContain(end);
    await harness.clock.advance(30);
    expect(harness.written).toContain(end);
  });

  test("withdrawn output is not waited for", async () => {
    const harness = await holding();
    harness.flood(64 * K * K);
    expect(harness.flow.paused).toBe(true);
    let taken = 0;
    harness.flow.withdraw((text) => {
      taken = text.length;
      expect(harness.log.at(-1)).toBe("pause");
    });
    expect(taken).toBeGreaterThan(64 * K);
    expect(harness.log.at(-1)).toBe("resume");
    harness.answerAll();
    expect(harness.flow.outstanding).toBe(false);
    expect(harness.flow.backlog).toBeLessThan(32 * K);
  });
});
