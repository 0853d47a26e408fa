import fc from "fast-check";
import { expect, test } from "vitest";
import { utf8Codec } from "../../../src/terminal/streamingDecoder.ts";
import { TerminalScreen } from "../../../src/terminal/terminalScreen.ts";
import { ManualClock } from "../../support/manualClock.ts";
import { Screen } from "./support/screen.ts";
import { pieces } from "./support/streams.ts";

const seed = 20240617;

/** DECRC in xterm.js brings back half of underlines and links, and our SGR the other half: left out. */
const restoresCursor = /\u001b8|\u001b\[[?\d;]*u|104[89]l/;

/** One row of a screen, as it would be drawn, with the attributes. */
function row(screen: Screen, index: number): string {
  return JSON.parse(screen.dump()).normal.lines[index] ?? "";
}

test("after a line of our own text is drawn as if it had not been there", async () => {
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
          const ours = new TerminalScreen({
            clock: new ManualClock(),
            columns: () => 40,
            write: (text) => screen.terminal.write(text),
            pause: () => {},
            resume: () => {},
            input: () => {},
          });
          // Ends any open sequence, and the alternate screen, where no lines of ours go.
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

test("after a program that is gone the terminal is as good as new", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(pieces, { maxLength: 30, size: "max" }), async (parts) => {
      const screen = new Screen(40, 12);
      const fresh = new Screen(40, 12);
      const ours = new TerminalScreen({
        clock: new ManualClock(),
        columns: () => 40,
        write: (text) => screen.terminal.write(text),
        pause: () => {},
        resume: () => {},
        input: () => {},
      });
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
