import { describe, expect, test } from "vitest";
import { PacedOutput } from "../../../src/terminal/pacedOutput.ts";
import { ManualClock } from "../../support/manualClock.ts";

const begin = "\u001b[?2026h";
const end = "\u001b[?2026l";
const sequences = /\u001b\[\?2026[hl]|<\d+>/g;

/** Output in lines of 10, each followed by a mark, for a terminal that is behind. */
class Harness {
  readonly clock = new ManualClock();
  readonly chunks: string[] = [];
  behind = true;
  mayPace = true;
  readonly output = new PacedOutput({
    clock: this.clock,
    write: (text) => this.chunks.push(text),
    mayPace: () => this.mayPace,
    isBehind: () => this.behind,
    portion: 40,
    reserve: 20,
  });
  #position = 0;

  get written(): string {
    return this.chunks.join("");
  }

  /** What a user would see of it. */
  get text(): string {
    return this.written.replace(sequences, "");
  }

  line(): void {
    this.#position += 10;
    this.output.write(`${String(this.#position).padStart(8, "0")}\r\n`, 10, {
      query: `<${this.#position}>`,
      position: this.#position,
    });
  }

  lines(count: number): void {
    for (let line = 0; line < count; line++) {
      this.line();
    }
  }

  answerTo(position: number): void {
    this.output.acknowledged(position);
  }

  /** The last mark that the terminal has received. */
  get handedOn(): number {
    return Number([...this.written.matchAll(/<(\d+)>/g)].at(-1)?.[1] ?? 0);
  }

  get expected(): string {
    return Array.from(
      { length: this.#position / 10 },
      (_, at) => `${String(at * 10 + 10).padStart(8, "0")}\r\n`,
    ).join("");
  }

  /** Has just started to hold frames back. */
  static holding(): Harness {
    const harness = new Harness();
    harness.line();
    expect(harness.written.endsWith(begin)).toBe(true);
    harness.chunks.length = 0;
    return harness;
  }

  /** The terminal may draw. */
  static async ending(): Promise<Harness> {
    const harness = Harness.holding();
    for (let turn = 0; turn < 100 && !harness.written.includes(end); turn++) {
      harness.answerTo(harness.handedOn);
      await harness.clock.advance(10);
      harness.line();
    }
    expect(harness.written.endsWith(end)).toBe(true);
    return harness;
  }
}

describe("paced output", () => {
  test("goes straight through to a terminal that keeps up", () => {
    const harness = new Harness();
    harness.behind = false;
    harness.lines(3);
    expect(harness.chunks).toHaveLength(3);
    expect(harness.text).toBe(harness.expected);
    expect(harness.clock.pendingTimers).toBe(0);
  });

  test("comes in portions, few enough that the terminal does not parse for long", async () => {
    const harness = Harness.holding();
    harness.lines(50);
    // Less than the reserve was available: a line at a time, then a portion.
    expect(harness.handedOn).toBeLessThanOrEqual(100);
    const first = harness.handedOn;
    await harness.clock.advance(1);
    harness.chunks.length = 0;
    harness.answerTo(first);
    expect(harness.handedOn - first).toBeLessThanOrEqual(120);
    expect(harness.chunks.length).toBeGreaterThan(1);
    expect(harness.chunks.every((chunk) => chunk.length >= 40 && chunk.endsWith(">"))).toBe(true);
    harness.output.dispose();
    expect(harness.clock.pendingTimers).toBe(0);
  });

  test("nothing follows until the terminal has caught up and had time for one frame; then it holds again", async () => {
    const harness = await Harness.ending();
    const before = harness.chunks.length;
    harness.lines(20);
    await harness.clock.advance(100);
    expect(harness.chunks).toHaveLength(before);
    harness.answerTo(harness.handedOn);
    await harness.clock.advance(9);
    expect(harness.chunks).toHaveLength(before);
    await harness.clock.advance(1);
    expect(harness.chunks[before]?.startsWith(begin)).toBe(true);
    for (let turn = 0; turn < 20; turn++) {
      harness.answerTo(harness.handedOn);
      await harness.clock.advance(30);
    }
    expect(`00000010\r\n${harness.text}`).toBe(harness.expected);
    expect(harness.written.endsWith(end)).toBe(true);
    expect(harness.clock.pendingTimers).toBe(0);
  });

  test("a frame without a reply delays nothing for longer than a second", async () => {
    const harness = await Harness.ending();
    harness.lines(20);
    await harness.clock.advance(1000);
    expect(`00000010\r\n${harness.text}`).toBe(harness.expected);
    expect(harness.clock.pendingTimers).toBe(0);
  });

  test("nor do replies that are lost while the source is paused", async () => {
    const harness = Harness.holding();
    harness.lines(50);
    harness.output.setPaused(true);
    await harness.clock.advance(999);
    expect(harness.handedOn).toBeLessThan(500);
    await harness.clock.advance(1000);
    expect(`00000010\r\n${harness.text}`).toBe(harness.expected);
    expect(harness.written.endsWith(end)).toBe(true);
    expect(harness.clock.pendingTimers).toBe(0);
  });

  test("stalled output arrives all at once, including what no safe point follows", async () => {
    const harness = Harness.holding();
    harness.line();
    harness.output.write("\u001b]0;ti", 0);
    await harness.clock.advance(50);
    expect(harness.written.endsWith(`${end}\u001b]0;ti`)).toBe(true);
    expect(harness.clock.pendingTimers).toBe(0);
  });

  test("a sequence that does not end is passed on, and frames are drawn, before it becomes long", () => {
    const harness = Harness.holding();
    harness.line();
    harness.output.write("\u001bP", 0);
    for (let part = 0; part < 5; part++) {
      harness.output.write("~".repeat(1000), -1);
    }
    expect(harness.written).toContain(`${end}\u001bP~`);
    expect(harness.written.endsWith("~".repeat(5000))).toBe(true);
  });

  test("output stalls shortly after a sequence that came when the terminal was to draw", async () => {
    const harness = await Harness.ending();
    harness.output.write(`\u001bP${"~".repeat(5000)}`, 0);
    await harness.clock.advance(10);
    harness.line();
    expect(harness.written.endsWith(begin)).toBe(true);
    await harness.clock.advance(40);
    expect(harness.written.endsWith(end)).toBe(true);
    expect(harness.clock.pendingTimers).toBe(0);
  });

  test("a program that paces its own frames gets through before its first sequence", async () => {
    for (const harness of [Harness.holding(), await Harness.ending()]) {
      harness.lines(20);
      harness.mayPace = false;
      harness.output.write(begin, 0);
      expect(
        harness.written.endsWith(`\r\n<${harness.expected.length}>${end}${begin}`) ||
          harness.written.endsWith(`>${begin}`),
      ).toBe(true);
      expect(`00000010\r\n${harness.text}`).toBe(harness.expected);
      expect(harness.clock.pendingTimers).toBe(0);
    }
  });

  test("output that was not passed on is withdrawn without marks, and the next output continues at once", async () => {
    const harness = Harness.holding();
    harness.lines(50);
    harness.output.write("\u001b]0;ti", 0);
    const got = harness.handedOn;
    expect(got).toBeLessThan(500);
    expect(harness.output.withdraw()).toEqual({
      text: `${harness.expected.slice(got)}\u001b]0;ti`,
      marked: got,
      endsLine: true,
    });
    expect(harness.output.withdraw()).toBeUndefined();
    const before = harness.written.length;
    harness.output.write("^C", 2);
    harness.output.writeBeside("beside");
    await harness.clock.advance(19);
    harness.output.write("$ ", 2);
    expect(harness.written.slice(before)).toBe("^Cbeside$ ");
    await harness.clock.advance(20);
    expect(harness.written.slice(before)).toBe(`^Cbeside$ ${end}`);
    expect(harness.clock.pendingTimers).toBe(0);
  });

  test("is also withdrawn in the middle of a frame and of a line", async () => {
    const harness = await Harness.ending();
    harness.output.write("half a line, and more", 11);
    expect(harness.output.withdraw()?.text).toBe("half a line, and more");
    harness.answerTo(harness.handedOn);
    await harness.clock.advance(10);
    expect(harness.clock.pendingTimers).toBe(0);
    harness.behind = false;
    harness.output.write("half a line", 11);
    expect(harness.written.endsWith("half a line")).toBe(true);
    harness.behind = true;
    await harness.clock.advance(10);
    harness.line();
    harness.output.write("kept", -1);
    expect(harness.output.withdraw()).toMatchObject({ text: "kept", endsLine: true });
  });

  test("the end of the passed output is known, even if only a mark followed it", () => {
    const harness = Harness.holding();
    harness.lines(50);
    harness.output.write("half a line", 11);
    harness.clock.sleep(70);
    harness.output.write("kept", 0, { query: "<600>", position: 600 });
    expect(harness.written.endsWith(`half a line<600>${end}`)).toBe(true);
    expect(harness.output.withdraw()).toEqual({ text: "kept", marked: 600, endsLine: false });
  });
});
