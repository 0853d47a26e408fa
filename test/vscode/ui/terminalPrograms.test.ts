import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import { waitUntil } from "../harness/waitUntil.ts";
import { openTerminalLab, type TerminalLab } from "./terminalLab.ts";

/** Keys, and what the screen must show before the next ones. */
type Step = readonly [keys: string, shown: RegExp];

const ours = 0;
const ssh = 1;

/** Full screen programs on the host, in our terminal and by `ssh` in VS Code's own: the same keys, the same picture. */
describe("a program in our terminal looks as by ssh in a local one", () => {
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
    // A terminal has its final size once it has been in front.
    for (const index of [ours, ssh]) {
      await lab.show(index);
    }
  });

  afterAll(async () => {
    await lab?.close();
  });

  async function play(index: number, steps: readonly Step[]): Promise<void> {
    await lab.show(index);
    for (const [keys, shown] of steps) {
      await lab.workbench.terminals.input(keys);
      await lab.workbench.terminals.waitForText(shown);
    }
  }

  /** Plays the steps in both, and compares what stands there at the end. */
  async function compare(steps: readonly Step[], quit: string): Promise<void> {
    await play(ours, steps);
    await play(ssh, steps);
    let pictures: readonly string[] = [];
    // The last drops of a picture may come after what the last step waits for.
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

  it("htop: its page of help, which does not change by itself", async () => {
    await compare(
      [
        ["htop -d 100\r", /F1Help/],
        ["h", /hide\/show header meters/],
      ],
      "qq",
    );
  });

  it("tmux: panes with output of their own", async () => {
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
