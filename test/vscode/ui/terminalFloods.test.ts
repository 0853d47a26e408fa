import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import { waitUntil } from "../harness/waitUntil.ts";
import { openTerminalLab, type TerminalLab } from "./terminalLab.ts";

/** Much output, much input, and what people do with the tab in the meantime. */
describe("a terminal under load", () => {
  let lab: TerminalLab;

  beforeAll(async () => {
    lab = await openTerminalLab();
    await lab.open("ours", 0);
  });

  afterAll(async () => {
    await lab?.close();
  });

  /** Floods until the returned function is called; then prints `last-42`. */
  async function flood(name: string): Promise<() => Promise<void>> {
    await lab.workbench.terminals.input(
      `until [ -e ${name}.stop ]; do seq 20000; echo $$ >${name}.pid; done; echo last-$((40+2))\r`,
    );
    await waitUntil(
      async () => (await pidOf(name)) > 0,
      () => "the flood has not begun",
    );
    return async () => await writeFile(join(lab.host.home, `${name}.stop`), "");
  }

  async function pidOf(name: string): Promise<number> {
    return Number(await readFile(join(lab.host.home, `${name}.pid`), "utf8").catch(() => "0"));
  }

  it("shows characters whole, wherever their bytes are cut apart", async () => {
    const text = "ä€𝄞 日本語 👍🏽 👩‍👩‍👧‍👦 e\u0301 ｆｕｌｌ \u001b[31mред\u001b[0m │─┐";
    await writeFile(join(lab.host.home, "cut"), text);
    const { terminals } = lab.workbench;
    // Each byte is a write of its own, and time enough for a packet of its own.
    await terminals.input(
      "clear; bytes=$(stat -c %s cut); for ((i = 0; i < bytes; i++)); do tail -c +$((i+1)) cut | head -c 1; sleep 0.01; done; echo '|end'\r",
    );
    const shown = await terminals.waitForText(/\|end\nlab>/);
    const line = shown.split("\n").find((candidate) => candidate.endsWith("|end")) ?? "";
    assert.equal(line, `${text.replaceAll(/\u001b\[\d+m/g, "")}|end`);
  });

  it("hands a paste of 1 MiB to a slow reader without losing a byte", async () => {
    const { terminals } = lab.workbench;
    const text = randomBytes(512 * 1024).toString("hex");
    await terminals.input(
      "clear; stty raw -echo; echo ready-$((1+1)); for i in {1..64}; do dd bs=16384 count=1 iflag=fullblock status=none; sleep 0.01; done >pasted; stty sane; sha256sum pasted\r",
    );
    await terminals.waitForText("ready-2");
    await terminals.input(text);
    await terminals.waitForText(createHash("sha256").update(text).digest("hex"));
    await terminals.waitForText(/lab>\s*$/);
  });

  it("goes on when it is cleared, hidden, shown and moved to the editor area, up to its last line", async () => {
    const { workbench } = lab;
    await lab.open("ours", 1);
    const stop = await flood("moved");
    await workbench.runCommand("Terminal: Clear");
    await lab.show(0);
    await workbench.terminals.input("echo beside-$((20+3))\r");
    await workbench.terminals.waitForText("beside-23");
    await lab.show(1);
    await workbench.runCommand("Terminal: Move Terminal into Editor Area");
    const moved = ".part.editor .terminal-wrapper";
    await workbench.page.locator(moved).waitFor();
    await stop();
    const text = await waitUntil(
      async () => {
        const lines: string[] = await workbench.page.evaluate(
          `window.driver.getTerminalBuffer(${JSON.stringify(moved)}).catch(() => [])`,
        );
        const whole = lines.join("\n");
        return whole.includes("last-42") && whole;
      },
      () => "the last line is missing",
    );
    assert.match(text, /19998\n19999\n20000\nlast-42\nlab>/);
  });

  it("ends its session when it is closed in the middle of a flood; the others live", async () => {
    const { workbench, host } = lab;
    await lab.open("ours", 1);
    await flood("closed");
    const pid = await pidOf("closed");
    await workbench.runCommand("Terminal: Kill the Active Terminal Instance");
    await waitUntil(
      () => !isAlive(pid),
      () => "the shell still runs",
    );
    await lab.show(0);
    await workbench.terminals.input("echo lives-$((50+5))\r");
    await workbench.terminals.waitForText("lives-55");
    assert.equal(host.logins(), 1);
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
