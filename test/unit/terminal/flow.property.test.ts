import fc from "fast-check";
import { expect, test } from "vitest";
import { defaultFlowLimits, type FlowLimits } from "../../../src/terminal/flowLimits.ts";
import { SafePointScanner } from "../../../src/terminal/safePointScanner.ts";
import { TerminalModes } from "../../../src/terminal/terminalModes.ts";
import { TerminalScreen } from "../../../src/terminal/terminalScreen.ts";
import { ManualClock } from "../../support/manualClock.ts";

const seed = 11;
const query = /\u001b\[\?(\d{10})\$p/g;
const ours = /\u001b\[\?(?:\d{10}\$p|2026[hl])/g;
const begin = "\u001b[?2026h";
const end = "\u001b[?2026l";

/**
 * Without a reply nothing is delayed for longer: a frame to be drawn, then a hold while the source is paused.
 * Milliseconds.
 */
const longestKept = 3100;

type Step =
  | { readonly kind: "send"; readonly text: string; readonly regardless: boolean }
  | { readonly kind: "answer" | "lose"; readonly count: number }
  | { readonly kind: "time"; readonly milliseconds: number }
  | { readonly kind: "beside" | "typing" | "withdraw" };

interface Scale {
  readonly window: number;
  readonly limits: Partial<FlowLimits>;
  readonly text: fc.Arbitrary<string>;
}

/** Lines, progress bars, an endless line, output without a place for a mark, the alternate screen. */
function flood(unit: number): fc.Arbitrary<string> {
  return fc
    .tuple(
      fc.constantFrom(
        "line\r\n",
        "\r50 %",
        "endless",
        "漢字",
        "😀",
        "\u001b[1mbold\u001b[m\n",
        "\u001b[>1u",
        "\u001b]0;title",
        "\u0007",
        "\u001bPq~~~",
        "\u001b\\",
        "\u001b[?1049hx",
        "\u001b[?1049l\r\n",
        "e\u0301",
      ),
      fc.integer({ min: 1, max: 40 }),
    )
    .map(([text, count]) => text.repeat(Math.ceil((count * unit) / text.length)));
}

const small: Scale = {
  window: 16,
  limits: { step: 8, window: 16, smallestWindow: 16, largestWindow: 64, portion: 8, reserve: 4 },
  text: flood(1),
};
const real: Scale = {
  window: defaultFlowLimits.window,
  limits: { ...defaultFlowLimits },
  text: flood(4000),
};

const time = fc.constantFrom(0, 1, 5, 10, 20, 39, 40, 60, 100, 150, 400, 999, 1000, 2500, 6000);

function steps(text: fc.Arbitrary<string>): fc.Arbitrary<Step[]> {
  return fc.array(
    fc.oneof(
      {
        weight: 8,
        arbitrary: fc.record({
          kind: fc.constant("send" as const),
          text,
          regardless: fc.integer({ min: 0, max: 9 }).map((dice) => dice === 0),
        }),
      },
      {
        weight: 6,
        arbitrary: fc.record({
          kind: fc.constant("answer" as const),
          count: fc.constantFrom(1, 1, 2, 5, 1000),
        }),
      },
      {
        weight: 1,
        arbitrary: fc.record({ kind: fc.constant("lose" as const), count: fc.constantFrom(1, 3, 1000) }),
      },
      { weight: 6, arbitrary: fc.record({ kind: fc.constant("time" as const), milliseconds: time }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom("beside" as const, "typing" as const) }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant("withdraw" as const) }) },
    ),
    { minLength: 5, maxLength: 60, size: "max" },
  );
}

/** A source that stops on request, a terminal that replies on request, and the classes in between. */
class Line {
  readonly clock = new ManualClock();
  readonly screen: TerminalScreen;
  /** Numbers of the marks that the terminal has received and not answered. */
  readonly marks: string[] = [];
  #expected = "";
  typing = false;
  holds = 0;
  withdrawn = 0;
  #queue: string[] = [];
  #paused = false;
  #withdrawing = false;
  #heldSince: number | undefined;
  #notices = 0;
  #answeredAt = 0;
  /** Written, but not yet received by the terminal: amounts and times. */
  #kept: { readonly upTo: number; readonly since: number }[] = [];
  #seen = 0;
  longestKept = 0;
  longestHeld = 0;

  constructor(limits: Partial<FlowLimits>) {
    this.screen = new TerminalScreen(
      {
        clock: this.clock,
        columns: () => 80,
        write: (text) => this.#receive(text),
        pause: () => {
          expect(this.#paused).toBe(false);
          this.#paused = true;
        },
        resume: () => {
          expect(this.#paused).toBe(true);
          this.#paused = false;
          this.#deliver();
        },
        input: () => expect.unreachable(),
        restTime: () => (this.typing ? 100 : 0),
      },
      limits,
    );
  }

  send(text: string, regardless: boolean): void {
    this.#queue.push(text);
    if (regardless) {
      this.#hand(this.#queue.splice(0));
    }
    this.#deliver();
  }

  /** As after an interrupt, if there turns out to be too little to skip. */
  withdraw(): void {
    let text = "";
    this.#withdrawing = true;
    this.screen.withdraw((taken) => {
      text = taken;
    });
    this.#withdrawing = false;
    expect(this.#expected.slice(this.#seen)).toBe(text);
    this.withdrawn += text.length;
    this.screen.giveBack(text, text.length);
    this.#deliver();
  }

  beside(): void {
    this.screen.answer(`notice ${this.#notices++}`);
  }

  answer(count: number): void {
    for (const mark of this.marks.splice(0, count)) {
      this.#answeredAt = this.clock.monotonic();
      this.screen.receive(`\u001b[?${mark};0$y`);
    }
  }

  async pass(milliseconds: number): Promise<void> {
    for (let left = milliseconds; left > 0; ) {
      const step = Math.min(left, 100);
      await this.clock.advance(step);
      left -= step;
      this.#check();
    }
  }

  get delivered(): boolean {
    return this.#queue.length === 0;
  }

  /** The terminal must not draw. */
  get held(): boolean {
    return this.#heldSince !== undefined;
  }

  /** The state to clean up after a program, and the state if everything had been passed at once. */
  undone(): [string, string] {
    const modes = new TerminalModes();
    new SafePointScanner(modes).scan(this.#expected);
    return [this.screen.modes.undo(80), modes.undo(80)];
  }

  /** Text that was written and not received by the terminal. */
  get missing(): number {
    return this.#expected.length - this.#seen;
  }

  #deliver(): void {
    while (!(this.#paused || this.#withdrawing) && this.#queue.length > 0) {
      this.#hand(this.#queue.splice(0, 1));
    }
  }

  #hand(texts: string[]): void {
    for (const text of texts) {
      this.#expected += text;
      this.#kept.push({ upTo: this.#expected.length, since: this.clock.monotonic() });
      this.screen.write(text);
    }
  }

  #receive(text: string): void {
    if (text.includes("notice")) {
      // A line of our own comes after everything that preceded it.
      expect(this.missing).toBe(0);
      // After an interrupt it is in the same frame as the next output.
      expect(this.held && this.withdrawn === 0).toBe(false);
      return;
    }
    for (const [, mark = ""] of text.matchAll(query)) {
      this.marks.push(mark);
    }
    const output = text.replace(ours, "");
    expect(this.#expected.startsWith(output, this.#seen)).toBe(true);
    expect(Buffer.from(output).toString() === output).toBe(true);
    this.#seen += output.length;
    const [began, ended] = [text.lastIndexOf(begin), text.lastIndexOf(end)];
    this.holds += began >= 0 ? 1 : 0;
    if (began > ended) {
      this.#heldSince = this.clock.monotonic();
    } else if (ended >= 0) {
      this.#heldSince = undefined;
    }
  }

  #check(): void {
    const now = this.clock.monotonic();
    while (this.#kept[0] !== undefined && this.#kept[0].upTo <= this.#seen) {
      this.#kept.shift();
    }
    const waits = (since: number): number => now - Math.max(since, this.#answeredAt);
    this.longestKept = Math.max(this.longestKept, waits(this.#kept[0]?.since ?? now));
    this.longestHeld = Math.max(this.longestHeld, waits(this.#heldSince ?? now));
  }
}

async function run(scale: Scale, list: readonly Step[]): Promise<Line> {
  const line = new Line(scale.limits);
  // A terminal that replies and is behind.
  for (let round = 0; round < 2; round++) {
    line.send("flood\r\n".repeat(scale.window / 4), false);
    await line.pass(20);
    line.answer(2);
    await line.pass(5);
  }
  for (const step of list) {
    switch (step.kind) {
      case "send":
        line.send(step.text, step.regardless);
        break;
      case "answer":
        line.answer(step.count);
        break;
      case "lose":
        line.marks.splice(0, step.count);
        break;
      case "time":
        await line.pass(step.milliseconds);
        break;
      case "beside":
        line.beside();
        break;
      case "withdraw":
        line.withdraw();
        break;
      case "typing":
        line.typing = !line.typing;
        break;
    }
  }
  // However much the user types elsewhere, all of it arrives.
  for (let turn = 0; turn < 10_000 && !(line.delivered && line.clock.pendingTimers === 0); turn++) {
    await line.pass(100);
    line.answer(1000);
  }
  return line;
}

for (const [name, scale, runs] of [
  ["small", small, 500],
  ["real", real, 80],
] as const) {
  test(`with late or missing replies, everything is written once, in order and soon (${name} amounts)`, async () => {
    let holds = 0;
    let withdrawn = 0;
    await fc.assert(
      fc.asyncProperty(steps(scale.text), async (list) => {
        const line = await run(scale, list);
        expect(line.delivered).toBe(true);
        expect(line.missing).toBe(0);
        expect(line.held).toBe(false);
        expect(line.longestKept).toBeLessThanOrEqual(longestKept);
        expect(line.longestHeld).toBeLessThanOrEqual(longestKept);
        expect(line.clock.pendingTimers).toBe(0);
        const [undone, expected] = line.undone();
        expect(undone).toBe(expected);
        line.screen.dispose();
        holds += line.holds;
        withdrawn += line.withdrawn;
      }),
      { seed, numRuns: runs },
    );
    expect(holds).toBeGreaterThan(runs);
    expect(withdrawn).toBeGreaterThan(runs);
  }, 240_000);
}
