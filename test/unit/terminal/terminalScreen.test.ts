import { describe, expect, test } from "vitest";
import { TerminalScreen } from "../../../src/terminal/terminalScreen.ts";
import { ManualClock } from "../../support/manualClock.ts";
import { Screen } from "./support/screen.ts";

function terminal(columns: number, rows = 6): { readonly ours: TerminalScreen; readonly screen: Screen } {
  const screen = new Screen(columns, rows);
  const ours = new TerminalScreen({
    clock: new ManualClock(),
    columns: () => columns,
    write: (text) => screen.terminal.write(text),
    pause: () => {},
    resume: () => {},
    input: () => {},
  });
  return { ours, screen };
}

/** The text before the terminal wrapped it. */
async function text(screen: Screen): Promise<string> {
  await screen.write("");
  const { active } = screen.terminal.buffer;
  let all = "";
  for (let row = 0; row < active.length; row++) {
    const wrapsOn = active.getLine(row + 1)?.isWrapped ?? false;
    all += `${active.getLine(row)?.translateToString(!wrapsOn)}${wrapsOn ? "" : "\n"}`;
  }
  return all.trimEnd();
}

const ended = "Press Enter to close, R to reopen.";

describe("lines of our own", () => {
  test("a long line is complete above the status line at any width of the terminal", async () => {
    for (const columns of [12, 20, 39, 40, 41, 80]) {
      for (const length of [10, columns - 1, columns, columns + 1, 2 * columns, 100, 300]) {
        for (const later of [columns, 10, 200]) {
          const { ours, screen } = terminal(columns, 8);
          const message = `[${"x".repeat(length - 2)}]`;
          ours.status("Connecting to web1…");
          ours.clearStatus();
          ours.notice(message);
          ours.status(ended);
          await screen.write("");
          screen.terminal.resize(later, 8);
          const [first, ...rest] = (await text(screen)).split("\n");
          expect(first).toBe(message);
          if (later >= columns) {
            expect(rest.join(" ")).toBe(ended);
          }
          ours.dispose();
          screen.dispose();
        }
      }
    }
  });

  test("the next status line replaces all rows of one that is wider than the terminal", async () => {
    const { ours, screen } = terminal(20);
    ours.write("work\r\n");
    for (const seconds of [12, 11, 10]) {
      ours.status(`Reconnecting in ${seconds} s. Enter: now, Esc: stop.`);
    }
    expect(await text(screen)).toBe("work\nReconnecting in 10\ns. Enter: now, Esc:\nstop.");
    ours.notice("gone");
    ours.status(ended);
    ours.clearStatus();
    ours.write("$ ");
    expect(await text(screen)).toBe("work\ngone\n$");
  });

  test("a word wider than the terminal is split, and the next line keeps nothing of it", async () => {
    const { ours, screen } = terminal(10);
    ours.status("Connecting to averylonghost.example…");
    expect(await text(screen)).toBe("Connecting\nto\naverylongh\nost.exampl\ne…");
    ours.notice("failed");
    expect(await text(screen)).toBe("failed");
  });

  test("after a status line the terminal wraps as before", async () => {
    const { ours, screen } = terminal(20);
    ours.status("Connecting to web1…");
    ours.write("y".repeat(30));
    expect(await text(screen)).toBe("y".repeat(30));
  });

  test("a warning's headline is bold and in colour, nothing of it is dim, and it has no effect", async () => {
    const { ours, screen } = terminal(40);
    ours.warning("WARNING: CHANGED", "see\u001b[2J there");
    ours.notice("[over]");
    expect(await text(screen)).toBe("WARNING: CHANGED\nsee\\u{1b}[2J there\n[over]");
    const cell = (row: number) => screen.terminal.buffer.active.getLine(row)?.getCell(0);
    expect([cell(0)?.isBold(), cell(0)?.isFgDefault(), cell(0)?.isDim()].map(Boolean)).toEqual([
      true,
      false,
      false,
    ]);
    expect([cell(1)?.isBold(), cell(1)?.isFgDefault(), cell(1)?.isDim()].map(Boolean)).toEqual([
      false,
      true,
      false,
    ]);
    expect(Boolean(cell(2)?.isDim())).toBe(true);
  });

  test("keep nothing of what a program has drawn below the cursor", async () => {
    const { ours, screen } = terminal(20);
    ours.write("$ menu\r\n1 first choice\r\n2 second choice\r\n3 third choice\u001b[3A\r$ ");
    ours.notice("short");
    ours.notice("z".repeat(25));
    expect(await text(screen)).toBe(`$ menu\nshort\n${"z".repeat(25)}`);
  });
});
