import fc from "fast-check";
import { expect, test } from "vitest";
import { SafePointScanner } from "../../../src/terminal/safePointScanner.ts";
import { utf8Codec } from "../../../src/terminal/streamingDecoder.ts";
import { TerminalModes } from "../../../src/terminal/terminalModes.ts";
import { TerminalScreen } from "../../../src/terminal/terminalScreen.ts";
import { ManualClock } from "../../support/manualClock.ts";
import { Screen } from "./support/screen.ts";
import { pieces } from "./support/streams.ts";

const seed = 20240617;

/** DECRC in xterm.js restores half of underlines and links, and our SGR the other half: omitted. */
const restoresCursor = /\u001b8|\u001b\[[?\d;]*u|104[89]l/;

/** One row of a screen, as it would be drawn, with the attributes. */
function row(screen: Screen, index: number): string {
  return JSON.parse(screen.dump()).normal.lines[index] ?? "";
}

/** It writes to a screen of 40 columns, and needs no server. */
function terminalScreenOn(screen: Screen): TerminalScreen {
  return new TerminalScreen({
    clock: new ManualClock(),
    columns: () => 40,
    write: (text) => screen.terminal.write(text),
    pause: () => {},
    resume: () => {},
    input: () => {},
  });
}

test("after a line of our own, text is drawn as if the line had not been there", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        pieces.filter((piece) => !restoresCursor.test(piece)),
        { maxLength: 30, size: "max" },
      ),
      async (parts) => {
        const stream = parts.join("");
        const rows: string[] = [];
        for (const interrupted of [false, true]) {
          const screen = new Screen(40, 12);
          const ours = terminalScreenOn(screen);
          // Ends any open sequence, and the alternate screen, where lines of ours are not written.
          ours.write(`${stream}\u0018\u001b[?47l`);
          if (interrupted) {
            ours.answer("something to say");
          }
          ours.write("\u001b[2J\u001b[3;1Hqxabc{}~");
          await screen.write("");
          rows.push(row(screen, screen.terminal.buffer.active.baseY + 2));
          ours.dispose();
          screen.dispose();
        }
        expect(rows[1]).toBe(rows[0]);
      },
    ),
    { seed, numRuns: 200 },
  );
}, 60_000);

/** States that a program can leave on and that would disturb a plain shell. */
const leftOn = fc.constantFrom(
  ..."\u001b[3g|\u001b[g|\u001bH|\u001b[20h|\u001b)0|\u001b)0\u000e|\u001b*0\u001bn|\u001b+0\u001bo|\u001b-A\u000e".split(
    "|",
  ),
  ..."\u001b[3;7r|\u001b[?6h|\u001b[3;7r\u001b[?6h|\u001b[?7l|\u001b[4h|\u001b[?1h|\u001b=|\u001b[?25l".split(
    "|",
  ),
  ..."\u001b[?1000h|\u001b[?1003h\u001b[?1006h|\u001b[?1004h|\u001b[?2004h|\u001b[?2026h|\u001b[?45h".split(
    "|",
  ),
  ...'\u001b[?1049h|\u001b[?1047h|\u001b[?47h|\u001b[?1049l|\u001b[1"q|\u001b[4:3m\u001b[58;5;3m|\u001b[3 q'.split(
    "|",
  ),
  ..."\u001b]8;;https://x/\u0007|\u001b[1;31;44m|\u001b(0|\u000e|\u001b7|\u001b[!p|\u001bc|\u001b[2;10H|\u001b[9C".split(
    "|",
  ),
  ..."text|\r\n|\t".split("|"),
);

test("after an ended program, tab stops, line feeds, margins and character sets are as in a new terminal", async () => {
  let different = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(leftOn, { minLength: 1, maxLength: 12, size: "max" }), async (parts) => {
      // Fills the screen by tabs, line feeds, margins, shifts and insertion; both screens separately.
      const probe =
        "\u001b[2J\u001b[Ha\tb\tc\td\te\r\n1\n2\r\n\u000eqx\u000fqx\u001bnqx\u001boqx\u000f\r\n\u001b[3;1Hxyz\u001b[3;1HQ";
      const all = `${probe}${"\u001b[12;1Hlast\n".repeat(3)}`;
      const whole = `\u001b[?1049h${all}\u001b[?1049l${all}`;
      const screen = new Screen(40, 12);
      const dirty = new Screen(40, 12);
      const fresh = new Screen(40, 12);
      const ours = terminalScreenOn(screen);
      ours.write(parts.join(""));
      ours.restore();
      await Promise.all([screen.write(""), dirty.write(parts.join(""))]);
      const at = (term: Screen): readonly string[] =>
        Array.from({ length: 12 }, (_, index) => row(term, term.terminal.buffer.normal.baseY + index));
      await Promise.all([screen.write(whole), dirty.write(whole), fresh.write(whole)]);
      different += at(dirty).join() === at(fresh).join() ? 0 : 1;
      expect(at(screen)).toEqual(at(fresh));
      expect(screen.terminal.modes).toEqual(fresh.terminal.modes);
      for (const each of [ours, screen, dirty, fresh]) {
        each.dispose();
      }
    }),
    { seed, numRuns: 300 },
  );
  // Without this it would prove nothing.
  expect(different).toBeGreaterThan(50);
}, 60_000);

test("the cursor stays in place when origin mode and margins end", async () => {
  const screen = new Screen(40, 12);
  const ours = terminalScreenOn(screen);
  ours.write("\u001b[3;7r\u001b[?6h\u001b[3g\u001b[2;5Hhere");
  await screen.write("");
  const { cursorX, cursorY } = screen.terminal.buffer.active;
  ours.restore();
  await screen.write("");
  expect([screen.terminal.buffer.active.cursorX, screen.terminal.buffer.active.cursorY]).toEqual([
    cursorX,
    cursorY,
  ]);
});

test.each([
  ["\u001b]9;4;1;50\u0007", true],
  ["\u009d9;4;3\u009c", true],
  ["\u001b]9;4;2;100\u001b\\", true],
  ["\u001b]9;4;1;50\u0007\u001b]9;4;0\u0007", false],
  ["\u001b]9;9;C:\u0007", false],
])("a progress indicator that a program left at the tab is removed: %j", (text, isLeft) => {
  const modes = new TerminalModes();
  new SafePointScanner(modes).scan(text);
  expect(modes.undo(80).includes("\u001b]9;4;0\u001b\\")).toBe(isLeft);
  expect(modes.undo(80)).not.toContain("]9;4");
});

test("colours, titles and keyboard flags that a headless terminal does not show are reset, too", () => {
  const modes = new TerminalModes();
  const scanner = new SafePointScanner(modes);
  scanner.scan(
    "\u001b]4;1;#ff0000\u0007\u001b]11;#102030;#ffffff\u001b\\\u001b]10;?\u0007\u001b[22;0t\u001b[22;2t\u001b[23;0t\u001b[>1u\u001b[=5u\u001b[>4;2m",
  );
  const undone = modes.undo(80);
  for (const expected of [
    "\u001b]104\u001b\\",
    "\u001b]111\u001b\\",
    "\u001b]112\u001b\\",
    "\u001b[<1u",
    "\u001b[=0u",
    "\u001b[>4m",
  ]) {
    expect(undone).toContain(expected);
  }
  expect(undone).not.toContain("\u001b]110");
  expect(undone.split("\u001b[23;0t")).toHaveLength(2);
  expect(modes.undo(80)).not.toContain("\u001b]104");
});

test("colours survive a reset of the terminal, and are reset all the same", () => {
  const modes = new TerminalModes();
  new SafePointScanner(modes).scan("\u001b]11;#800000\u0007\u001bc");
  expect(modes.undo(80)).toContain("\u001b]111\u001b\\");
});

test.each([
  ["\u001b]633;A\u0007$ \u001b]633;B\u0007make\r\n\u001b]633;C\u0007", "\u001b]633;D\u001b\\"],
  ["\u001b]133;C;\u001b\\", "\u001b]133;D\u001b\\"],
  ["\u009d133;C\u009c", "\u001b]133;D\u001b\\"],
  ["\u001b]633;C\u0007done\u001b]633;D;0\u0007", ""],
  ["\u001b]633;C\u0007done\u001b]633;A\u0007$ ", ""],
  ["\u001b]633;Cwd\u0007", ""],
])("a command that VS Code treats as running ends with its shell: %j", (text, ends) => {
  const modes = new TerminalModes();
  new SafePointScanner(modes).scan(text);
  expect(modes.undo(80).match(/\u001b\][16]33;.*?\u001b\\/)?.[0] ?? "").toBe(ends);
  expect(modes.undo(80)).not.toContain("33;D");
});

test.each(["\u001b)0\u001b~", "\u001b*0\u001b}", "\u001b+0\u001b|"])(
  "a line of our own is readable if a program has locked another character set into GR: %j",
  async (shift) => {
    const screen = new Screen(40, 12);
    const ours = terminalScreenOn(screen);
    ours.write(`${shift}x\r\n`);
    ours.answer("quick notice");
    ours.write("q");
    await screen.write("");
    expect(screen.text().split("\n")).toEqual(["│", "quick notice", "─"]);
  },
);

test("after an ended program the terminal is as good as new", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(pieces, { maxLength: 30, size: "max" }), async (parts) => {
      const screen = new Screen(40, 12);
      const fresh = new Screen(40, 12);
      const ours = terminalScreenOn(screen);
      const decoder = utf8Codec.createDecoder();
      ours.write(decoder.write(Buffer.from(parts.join(""))) + decoder.end());
      ours.restore();
      const probe = "\u001b[2J\u001b[3;1Hqxabc{}~";
      await Promise.all([screen.write(probe), fresh.write(probe)]);
      expect(screen.terminal.buffer.active.type).toBe("normal");
      expect(screen.terminal.modes).toEqual(fresh.terminal.modes);
      expect(row(screen, screen.terminal.buffer.active.baseY + 2)).toBe(row(fresh, 2));
      ours.dispose();
      screen.dispose();
      fresh.dispose();
    }),
    { seed, numRuns: 200 },
  );
}, 60_000);
