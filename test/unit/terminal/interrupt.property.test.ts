import fc from "fast-check";
import { expect, test } from "vitest";
import { OscFilter } from "../../../src/terminal/oscFilter.ts";
import { SafePointScanner } from "../../../src/terminal/safePointScanner.ts";
import { SessionLink } from "../../../src/terminal/sessionLink.ts";
import { utf8Codec } from "../../../src/terminal/streamingDecoder.ts";
import { TerminalModes } from "../../../src/terminal/terminalModes.ts";
import { type ScreenPorts, TerminalScreen } from "../../../src/terminal/terminalScreen.ts";
import { terminalPhrases } from "../../../src/text/terminalWords.ts";
import { deafPrograms } from "../../support/deafPrograms.ts";
import { ManualClock } from "../../support/manualClock.ts";
import { FakeSession } from "./support/fakeSession.ts";
import { Screen } from "./support/screen.ts";

const seed = 3;
const query = /\u001b\[\?(\d{10})\$p/g;
const ours = /\u001b\[\?(?:\d{10}\$p|2026[hl])/g;
const begin = "\u001b[?2026h";
const end = "\u001b[?2026l";
/** As on the screen: under line drawing it would differ. */
const notice = "qx notice";

/** A frame that is held back at the interrupt ends by then in any case. Milliseconds. */
const longestInterrupted = 220;
/** The kept part of a control string that was too long to be kept completely: no half character. */
const longString = [255, 256];

type Step =
  | { readonly kind: "send"; readonly text: string; readonly count: number }
  | { readonly kind: "answer" | "lose"; readonly count: number }
  | { readonly kind: "time"; readonly milliseconds: number }
  | { readonly kind: "key" | "echo"; readonly key: string }
  | { readonly kind: "notice" | "typing" };

/** `#` is replaced by a counter. */
const texts = fc.constantFrom(
  ...["line #\r\n", "line #\r\n", "line #\r\n", "line #\n", "\r# %", "endless#", "漢字", "😀", "e\u0301"],
  ...[
    "\u001b[1mbold#\u001b[m\n",
    "\u001b[31mred#\r\n",
    "\u001b[3😀",
    "\u001b[",
    "31m",
    "\u001b",
    "\u001b[>1u",
  ],
  ...[
    "\u001b]0;title#",
    "\u0007",
    "\u001bPq~~~#",
    "\u001b\\",
    "\u001b]8;;https://x/#\u0007link",
    "\u001b]8;;\u0007",
  ],
  ...["\u000e#\r\n", "\u000f#\r\n", "\u001b(0#\n", "\u001b(B#\n", "\u001b[4h#\r\n", "\u001b[4l#\r\n"],
  ...["\u001b[?25l#\r\n", "\u001b[?25h#\r\n", "\u001b[?1047halt#\u001b[?1047l#\r\n", "^C#\r\n"],
);

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 10,
      arbitrary: fc.record({
        kind: fc.constant("send" as const),
        text: texts,
        count: fc.constantFrom(1, 2, 50, 500, 5000, 10_000, 30_000),
      }),
    },
    {
      weight: 8,
      arbitrary: fc.record({
        kind: fc.constant("answer" as const),
        count: fc.constantFrom(1, 1, 2, 5, 1000),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant("lose" as const), count: fc.constantFrom(1, 3, 1000) }),
    },
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant("time" as const),
        milliseconds: fc.constantFrom(0, 1, 5, 10, 19, 20, 40, 60, 99, 100, 150, 400, 999, 3000, 6000),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant("key" as const),
        key: fc.constantFrom("\u0003", "\u0003", "\u0003", "\u001c", "\u001a"),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant("echo" as const),
        key: fc.constantFrom("^C", "^C", "^C", "^\\", "^Z"),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constantFrom("notice" as const, "typing" as const) }),
    },
  ),
  { minLength: 5, maxLength: 60, size: "max" },
);

/** Replies to queries. */
class WatchedScreen extends TerminalScreen {
  skipping = false;
  readonly #watcher: Watcher;

  constructor(ports: ScreenPorts, watcher: Watcher) {
    super(ports);
    this.#watcher = watcher;
  }

  override withdraw(take: (text: string) => void): void {
    this.skipping = true;
    super.withdraw((text) => {
      this.#watcher.withdrawn(text);
      take(text);
    });
  }

  override skipped(controls: string, line: string): void {
    this.#watcher.beside(() => super.skipped(controls, line));
  }

  override giveBack(text: string, withdrawn: number): void {
    this.skipping = false;
    this.#watcher.givenBack(text);
    super.giveBack(text, withdrawn);
  }
}

interface Watcher {
  withdrawn(text: string): void;
  beside(write: () => void): void;
  givenBack(text: string): void;
}

/** A session that floods, a terminal that replies on request, and a user who interrupts. */
class Line implements Watcher {
  readonly clock = new ManualClock();
  readonly screen: WatchedScreen;
  /** Numbers of the marks that the terminal has received and not answered. */
  readonly marks: string[] = [];
  readonly #session = new FakeSession();
  readonly #link: SessionLink;
  readonly #terminals: { readonly shown: Screen; readonly all: Screen } | undefined;
  typing = false;
  /** The terminal must not draw. */
  held = false;
  cuts = 0;
  amountWithdrawn = 0;
  /** Everything that was sent. */
  #all = "";
  /**
   * The same including the skipped part; the amounts that have arrived, and that the terminal has or were skipped.
   */
  #sent = "";
  #received = 0;
  #passed = 0;
  #beside = false;
  #cut = false;
  #counter = 0;
  #interruptedAt: number | undefined;
  #failure: unknown;

  /** @param draws with a headless terminal, and another one that gets everything */
  constructor(draws: boolean) {
    this.#terminals = draws ? { shown: new Screen(80, 24), all: new Screen(80, 24) } : undefined;
    this.screen = new WatchedScreen(
      {
        clock: this.clock,
        columns: () => 80,
        write: (text) => this.#claim(() => this.#take(text)),
        pause: () => this.#link.pause(),
        resume: () => this.#link.resume(),
        input: (text) => this.#link.input(text),
        restTime: () => (this.typing ? 100 : 0),
      },
      this,
    );
    const decoder = utf8Codec.createDecoder();
    const directories = new OscFilter(deafPrograms);
    this.#session.onDidReceive(({ data }) => {
      this.#received += directories.filter(decoder.write(data)).length;
    });
    this.#link = new SessionLink({
      clock: this.clock,
      session: this.#session,
      screen: this.screen,
      codec: utf8Codec,
      escapeCharacter: "",
      phrases: terminalPhrases("shell"),
      programs: deafPrograms,
      dimensions: { columns: 80, rows: 24 },
      onEscape: () => {},
    });
  }

  send(text: string, count: number): void {
    const all = Array.from({ length: count }, () => text.replaceAll("#", () => `${this.#counter++}`)).join(
      "",
    );
    this.#all += all;
    this.#sent += all;
    const bytes = Buffer.from(all);
    for (let at = 0; at < bytes.length; at += 32 * 1024) {
      this.#session.send(bytes.subarray(at, at + 32 * 1024));
    }
    this.#check();
  }

  key(key: string): void {
    this.screen.receive(key);
    if (this.screen.skipping && this.#interruptedAt === undefined && this.held) {
      this.#interruptedAt = this.clock.monotonic();
    }
    this.#check();
  }

  answer(count: number): void {
    for (const mark of this.marks.splice(0, count)) {
      this.screen.receive(`\u001b[?${mark};0$y`);
    }
    this.#check();
  }

  async pass(milliseconds: number): Promise<void> {
    for (let left = milliseconds; left > 0; left -= 100) {
      await this.clock.advance(Math.min(left, 100));
      this.#check();
    }
  }

  withdrawn(text: string): void {
    this.amountWithdrawn += text.length;
    this.#claim(() => expect(this.#sent.slice(this.#passed, this.#received) === text).toBe(true));
  }

  beside(write: () => void): void {
    this.#beside = true;
    this.#cut = true;
    this.cuts++;
    write();
    this.#beside = false;
  }

  givenBack(text: string): void {
    this.#claim(() => {
      if (longString.includes(text.length) && !this.#sent.endsWith(text, this.#received)) {
        const rest = this.#sent.slice(this.#received);
        this.#sent = this.#sent.slice(0, this.#passed) + text + rest;
        this.#received = this.#passed + text.length;
      }
      expect(this.#sent.endsWith(text, this.#received)).toBe(true);
      const from = this.#received - text.length;
      expect(from >= this.#passed && (this.#cut || from === this.#passed)).toBe(true);
      this.#passed = from;
      this.#cut = false;
    });
  }

  get over(): boolean {
    return this.#passed === this.#sent.length && this.clock.pendingTimers === 0;
  }

  /** Everything is with the terminal, which is in the state that everything that was sent leaves it in. */
  async end(): Promise<void> {
    expect(this.over).toBe(true);
    expect(this.held).toBe(false);
    expect(this.screen.skipping).toBe(false);
    const modes = new TerminalModes();
    new SafePointScanner(modes).scan(this.#all);
    expect(this.screen.modes.restore()).toBe(modes.restore());
    expect(this.screen.modes.undo(80)).toBe(modes.undo(80));
    if (this.#terminals !== undefined) {
      const { shown, all } = this.#terminals;
      const probe = "\u001b[2J\u001b[3;1Hqxabc{}~";
      await Promise.all([shown.write(probe), all.write(this.#all + probe)]);
      expect(drawn(shown, 2)).toBe(drawn(all, 2));
      expect(shown.terminal.modes).toEqual(all.terminal.modes);
      shown.dispose();
      all.dispose();
    }
    this.#link.dispose();
    this.screen.dispose();
  }

  #take(text: string): void {
    expect(Buffer.from(text).toString() === text).toBe(true);
    for (const [, mark = ""] of text.matchAll(query)) {
      this.marks.push(mark);
    }
    const [began, ended] = [text.lastIndexOf(begin), text.lastIndexOf(end)];
    if (began >= 0 || ended >= 0) {
      this.held = began > ended;
      this.#interruptedAt = undefined;
    }
    const { shown } = this.#terminals ?? {};
    const isOurs = this.#beside || text.includes(notice);
    shown?.terminal.write(text, isOurs ? () => this.#claim(() => checkNotice(shown, text)) : undefined);
    if (!isOurs) {
      const output = text.replace(ours, "");
      expect(this.#sent.startsWith(output, this.#passed)).toBe(true);
      this.#passed += output.length;
      expect(this.#passed).toBeLessThanOrEqual(this.#received);
    }
  }

  /** During a callback. */
  #claim(check: () => void): void {
    try {
      check();
    } catch (error) {
      this.#failure ??= error;
    }
  }

  #check(): void {
    if (this.#failure !== undefined) {
      throw this.#failure;
    }
    if (!this.screen.skipping) {
      expect(this.#session.paused).toBe(this.screen.paused);
    }
    if (this.#interruptedAt !== undefined) {
      expect(this.clock.monotonic() - this.#interruptedAt).toBeLessThanOrEqual(longestInterrupted);
    }
  }
}

/** A line of our own has its own row. */
function checkNotice(screen: Screen, text: string): void {
  const [line] = /qx notice|\[… .* …\]/.exec(text) ?? [];
  const { active } = screen.terminal.buffer;
  if (line !== undefined && active.type === "normal") {
    expect(active.getLine(active.baseY + active.cursorY - 1)?.translateToString(true)).toBe(line);
  }
}

/** One row of the screen with the attributes. */
function drawn(screen: Screen, row: number): string {
  return JSON.parse(screen.dump()).normal.lines[screen.terminal.buffer.active.baseY + row] ?? "";
}

async function run(list: readonly Step[], draws: boolean): Promise<Line> {
  const line = new Line(draws);
  // A terminal that replies and is behind.
  for (let round = 0; round < 2; round++) {
    line.send("flood #\r\n", 25_000);
    await line.pass(20);
    line.answer(2);
    await line.pass(5);
  }
  for (const step of list) {
    switch (step.kind) {
      case "send":
        line.send(step.text, step.count);
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
      case "key":
        line.key(step.key);
        break;
      case "echo":
        line.send(`${step.key}\r\n$ `, 1);
        break;
      case "notice":
        line.screen.notice(notice);
        break;
      case "typing":
        line.typing = !line.typing;
        break;
    }
  }
  // Output from which the terminal can continue in any state.
  line.send("\u0018\r\nthe end\r\n", 1);
  for (let turn = 0; turn < 3000 && !line.over; turn++) {
    await line.pass(100);
    line.answer(1000);
  }
  await line.end();
  return line;
}

for (const [name, draws, runs] of [
  [
    "all that is not skipped is written once and in order, and the session is held back as the screen says",
    false,
    50,
  ],
  [
    "the terminal is in the state that it would be in otherwise, and lines of our own are to be read",
    true,
    12,
  ],
] as const) {
  test(`an interrupt at any time, with any output: ${name}`, async () => {
    let cuts = 0;
    let withdrawn = 0;
    await fc.assert(
      fc.asyncProperty(steps, async (list) => {
        const line = await run(list, draws);
        cuts += line.cuts;
        withdrawn += line.amountWithdrawn;
      }),
      { seed, numRuns: runs },
    );
    expect(cuts).toBeGreaterThan(runs / 2);
    expect(withdrawn).toBeGreaterThan(runs * 10_000);
  }, 240_000);
}
