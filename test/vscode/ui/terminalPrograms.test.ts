import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import { waitUntil } from "../harness/waitUntil.ts";
import { openTerminalLab, type TerminalLab } from "./terminalLab.ts";

/** Keys or other actions of a user, and what the screen must show before the next step. */
type Step = readonly [action: string | (() => Promise<void>), shown: RegExp];

const ours = 0;
const ssh = 1;

/**
 * Full screen programs on the host, in our terminal and with `ssh` in VS Code's own: the same keys, the same picture.
 */
describe("a program in our terminal looks the same as with ssh in a local one", () => {
  let lab: TerminalLab;

  beforeAll(async () => {
    lab = await openTerminalLab();
    const lines = Array.from(
      { length: 200 },
      (_, index) => `${index} plain äöü 日本語 中文 한국어 😀 👍🏽 👩‍👩‍👧 e\u0301 ｆｕｌｌ\ttab`,
    );
    await writeFile(join(lab.host.home, "text"), `${lines.join("\n")}\n`);
    await lab.open("ours", ours);
    await lab.open("ssh", ssh);
    // A terminal has its final size once it has been active.
    for (const index of [ours, ssh]) {
      await lab.show(index);
    }
  });

  afterAll(async () => {
    await lab?.close();
  });

  async function play(index: number, steps: readonly Step[]): Promise<void> {
    await lab.show(index);
    for (const [action, shown] of steps) {
      await (typeof action === "string" ? lab.workbench.terminals.input(action) : action());
      await lab.workbench.terminals.waitForText(shown);
    }
  }

  /** Plays the steps in both, and compares the final screens. */
  async function compare(steps: readonly Step[], quit: string): Promise<void> {
    await play(ours, steps);
    await play(ssh, steps);
    let pictures: readonly string[] = [];
    // The last bytes of a picture may come after what the last step waits for.
    await waitUntil(
      async () => {
        const texts: string[] = [];
        for (const index of [ours, ssh]) {
          await lab.show(index);
          texts.push(await lab.screen());
        }
        pictures = texts;
        return pictures[0] === pictures[1];
      },
      () => `different pictures:\n${pictures.join("\n--- by ssh:\n")}`,
    );
    assert.ok((pictures[0] ?? "").length > 100);
    for (const index of [ours, ssh]) {
      await play(index, [[quit, /lab>\s*$/]]);
    }
  }

  const rows = async (): Promise<number> => Number(/x (\d+)/.exec(await lab.screen())?.[1]);

  /** A click in the active terminal, on a cell counted from 0. */
  const click = (column: number, row: number) => async (): Promise<void> => {
    const { x, y } = await lab.cell(column, row);
    await lab.workbench.page.mouse.click(x, y);
  };

  const drag = (column: number, from: number, to: number) => async (): Promise<void> => {
    const { mouse } = lab.workbench.page;
    const begin = await lab.cell(column, from);
    const end = await lab.cell(column, to);
    await mouse.move(begin.x, begin.y);
    await mouse.down();
    await mouse.move(end.x, end.y);
    await mouse.up();
  };

  const wheelDown = async (): Promise<void> => {
    await click(20, 5)();
    await lab.workbench.page.mouse.wheel(0, 100);
  };

  it("vim: numbers, a split, wide characters typed in, a search", async () => {
    await compare(
      [
        ["vim -u NONE -N -n -i NONE text\r", /0 plain/],
        [":set number ruler encoding=utf-8 | vsplit\r", /1 0 plain/],
        ["50Gonew 漢字 line\u001b", /new 漢字 line/],
        ["/^120 \r", /120 plain/],
        ["zt:echo 'ready'\r", /^ready/m],
      ],
      ":qa!\r",
    );
  });

  it("less: line numbers, to the end, back to a match", async () => {
    await compare(
      [
        ["less -N text\r", /1 0 plain/],
        ["G", /200 199 plain/],
        ["?^77 \r", /78 77 plain/],
      ],
      "q",
    );
  });

  it("htop: its help page, which does not change on its own", async () => {
    await compare(
      [
        ["htop -d 100\r", /F1Help/],
        ["h", /hide\/show header meters/],
      ],
      "qq",
    );
  });

  it("the mouse in vim: a click moves the cursor, a drag selects, the wheel scrolls", async () => {
    await compare(
      [
        ["vim -u NONE -N -n -i NONE text\r", /0 plain/],
        [":set mouse=a number ruler\r", /1 0 plain/],
        [click(12, 4), /5,9 /],
        [drag(12, 2, 6), /VISUAL[^\n]*7,9 /],
        ["y", /5 lines yanked[^\n]*3,9 /],
        [wheelDown, /^\s*4 3 plain/],
      ],
      ":qa!\r",
    );
  });

  it("the mouse in less and htop: the wheel scrolls, a click presses the button", async () => {
    await compare(
      [
        ["less --mouse -N text\r", /1 0 plain/],
        [wheelDown, /^\s*[2-9] \d plain/],
      ],
      "q",
    );
    await compare(
      [
        ["htop -d 100\r", /F1Help/],
        [async () => await click(3, (await rows()) - 1)(), /hide\/show header meters/],
      ],
      "qq",
    );
  });

  it("fifty sizes in quick succession: vim's picture is the last size's", async () => {
    const start: readonly Step[] = [
      ["vim -u NONE -N -n -i NONE text\r", /0 plain/],
      [":set number ruler\r", /1 0 plain/],
    ];
    await play(ours, start);
    await lab.resizeStorm();
    await play(ssh, start);
    await compare([[":echo 'ready'\r", /^ready/m]], ":qa!\r");
  });

  it("tmux: panes with separate output", async () => {
    const tmux = "tmux -u -f /dev/null -L";
    const server = (index: number): string => `lab-${lab.host.port}-${index}`;
    const steps: readonly Step[] = [
      ["tmux set -g status-right ''; tmux set -g automatic-rename off; tmux rename-window w; clear\r", /0:w/],
      ["seq 40; tail -3 text\r", /199 plain/],
      ["\u0002%", /│lab>/],
      ["echo right-$((40+2))\r", /right-42/],
      ['\u0002"', /─{10}\n[^\n]*lab>/],
      ["echo below-$((20+3)) 日本語\r", /below-23 日本語/],
    ];
    for (const index of [ours, ssh]) {
      await play(index, [[`${tmux} ${server(index)} new -s lab\r`, /\[lab\] 0:/]]);
    }
    await compare(steps, "tmux kill-server\r");
  });
});
