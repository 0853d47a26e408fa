import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import { isRunning } from "../../lab/processTree.ts";
import { waitUntil } from "../harness/waitUntil.ts";
import { openTerminalLab, type TerminalLab } from "./terminalLab.ts";

/** Much output, much input, and actions on the tab meanwhile. */
describe("a terminal under load", () => {
  let lab: TerminalLab;

  beforeAll(async () => {
    lab = await openTerminalLab();
    await lab.open("ours", 0);
  });

  afterAll(async () => {
    await lab?.close();
  });

  interface Flood {
    /** Ends it with `last-42`. */
    stop(): Promise<void>;
    /** Once that is shown, everything before is complete, number by number. */
    assertWhole(): Promise<void>;
  }

  /** Numbers up to 20000, repeated until it is stopped. */
  async function flood(name: string): Promise<Flood> {
    const lines = await lab.countLines();
    await lab.workbench.terminals.input(
      `until [ -e ${name}.stop ]; do seq 20000; echo $$ >>${name}.pid; done; echo last-$((40+2))\r`,
    );
    await waitUntil(
      async () => (await pidOf(name)) > 0,
      () => "the flood has not begun",
    );
    return {
      stop: async () => await writeFile(join(lab.host.home, `${name}.stop`), ""),
      assertWhole: async () => {
        const shown = await lab.workbench.terminals.waitForText(/last-42\nlab>$/);
        assert.match(shown, /^19999\n20000\nlast-42$/m);
        const rounds = (await pids(name)).length;
        // The line of the command, and the last one.
        assert.equal(await lines(), rounds * 20_000 + 2);
      },
    };
  }

  /** The shell's prompt, one for each completed round. */
  async function pids(name: string): Promise<readonly number[]> {
    const text = await readFile(join(lab.host.home, `${name}.pid`), "utf8").catch(() => "");
    return text.trimEnd().split("\n").filter(Boolean).map(Number);
  }

  async function pidOf(name: string): Promise<number> {
    return (await pids(name))[0] ?? 0;
  }

  /** Resolves when the flood has continued for at least a round. */
  async function nextRound(name: string): Promise<void> {
    const rounds = (await pids(name)).length + 2;
    await waitUntil(
      async () => (await pids(name)).length >= rounds,
      () => "the flood stands still",
    );
  }

  it("shows characters completely, wherever their bytes are split", async () => {
    const text = "ä€𝄞 日本語 👍🏽 👩‍👩‍👧‍👦 e\u0301 ｆｕｌｌ \u001b[31mред\u001b[0m │─┐";
    await writeFile(join(lab.host.home, "cut"), text);
    const { terminals } = lab.workbench;
    // Each byte is written separately, with enough time for a packet.
    await terminals.input(
      "clear; bytes=$(stat -c %s cut); for ((i = 0; i < bytes; i++)); do tail -c +$((i+1)) cut | head -c 1; sleep 0.01; done; echo '|end'\r",
    );
    const shown = await terminals.waitForText(/\|end\nlab>/);
    const line = shown.split("\n").find((candidate) => candidate.endsWith("|end")) ?? "";
    assert.equal(line, `${text.replaceAll(/\u001b\[\d+m/g, "")}|end`);
  });

  it("passes a paste of 1 MiB to a slow reader without losing a byte", async () => {
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

  it("runs nothing of a multi-line paste before Enter", async () => {
    const { terminals } = lab.workbench;
    await terminals.input("clear; echo bash-$((40+2))\r");
    // With the prompt, bash requests brackets; without them VS Code would ask first.
    await terminals.waitForText(/^bash-42\nlab>$/);
    await terminals.paste("touch paste-1\ntouch paste-2\necho pasted-$((40+2))");
    await terminals.waitForText("echo pasted-$((40+2))");
    const made = async (): Promise<string[]> =>
      (await readdir(lab.host.home)).filter((name) => name.startsWith("paste-"));
    assert.deepEqual(await made(), []);
    await terminals.press("Enter");
    await terminals.waitForText("pasted-42");
    assert.deepEqual((await made()).sort(), ["paste-1", "paste-2"]);
  });

  it("passes a paste of 1 MiB from the clipboard to a reader of lines, once VS Code's question is answered", async () => {
    const { terminals, dialogs } = lab.workbench;
    const lines = randomBytes(512 * 1024)
      .toString("hex")
      .replaceAll(/.{63}/g, "$&\n");
    const text = `${lines.trimEnd()}\n`;
    await terminals.input(`clear; echo ready-$((1+1)); head -c ${text.length} >whole\r`);
    await terminals.waitForText("ready-2");
    await terminals.paste(text);
    assert.match(await dialogs.text(), /paste \d+ lines/);
    await dialogs.press("Paste");
    const file = join(lab.host.home, "whole");
    await waitUntil(
      async () => (await stat(file)).size === text.length,
      async () => `${(await stat(file)).size} of ${text.length} bytes came`,
    );
    assert.ok((await readFile(file, "utf8")) === text, "another text came");
    await terminals.waitForText(/lab>\s*$/);
  });

  it("is reset repeatedly during a flood, and shows the output after the last reset", async () => {
    const { terminals } = lab.workbench;
    // The last echo of a paste may come after the next prompt.
    await terminals.input("clear; echo begin-$((40+2))\r");
    await terminals.waitForText(/^begin-42\nlab>$/);
    const lines = await lab.countLines();
    await terminals.input("for i in {1..10}; do seq 20000; tput reset; done; seq 3; echo last-$((40+2))\r");
    const shown = await terminals.waitForText(/^last-42\nlab>/m);
    assert.equal(shown, "1\n2\n3\nlast-42\nlab>");
    // The line of the command, the flood, and the last four.
    assert.equal(await lines(), 1 + 10 * 20_000 + 4);
  });

  it("has the last of fifty sizes during a flood, on both ends", async () => {
    const { terminals } = lab.workbench;
    await terminals.input("tty >tty; clear; echo tty-$((40+2))\r");
    await terminals.waitForText(/^tty-42\nlab>$/);
    const { stop, assertWhole } = await flood("resized");
    const tty = (await readFile(join(lab.host.home, "tty"), "utf8")).trim();
    await lab.resizeStorm();
    let sizes: readonly string[] = [];
    const bothEnds = async (): Promise<boolean> => {
      const [, columns, rows] = /^(\d+) x (\d+)/.exec(await lab.screen()) ?? [];
      const far = execFileSync("sh", ["-c", 'stty size <"$1"', "sh", tty], { encoding: "utf8" });
      sizes = [`${rows} ${columns}`, far.trim()];
      return sizes[0] === sizes[1];
    };
    await waitUntil(bothEnds, () => `different sizes: ${sizes.join(", ")}`);
    await stop();
    await assertWhole();
    assert.ok(await bothEnds(), `different sizes: ${sizes.join(", ")}`);
  });

  it("continues up to its last line when it is cleared, hidden, shown and moved to the editor area and back", async () => {
    const { workbench } = lab;
    await lab.open("ours", 1);
    const { stop, assertWhole } = await flood("moved");
    await workbench.runCommand("Terminal: Clear");
    await lab.show(0);
    await workbench.terminals.input("echo beside-$((20+3))\r");
    await workbench.terminals.waitForText("beside-23");
    await lab.show(1);
    const panel = workbench.page.locator("#terminal");
    await workbench.runCommand("View: Toggle Panel Visibility");
    await panel.waitFor({ state: "hidden" });
    await nextRound("moved");
    await workbench.runCommand("View: Toggle Panel Visibility");
    await panel.waitFor();
    await workbench.runCommand("Terminal: Move Terminal into Editor Area");
    const inEditor = workbench.page.locator(".part.editor .terminal-wrapper");
    await inEditor.waitFor();
    await nextRound("moved");
    await workbench.runCommand("Terminal: Move Terminal into Panel");
    await inEditor.waitFor({ state: "hidden" });
    await lab.show(1);
    await nextRound("moved");
    await stop();
    await assertWhole();
    await workbench.runCommand("Terminal: Kill the Active Terminal Instance");
    await workbench.tree("Live").waitForNoRow("lab (2)");
  });

  it("ends its session when it is closed during a flood; the others continue", async () => {
    const { workbench, host } = lab;
    await lab.open("ours", 1);
    await flood("closed");
    const pid = await pidOf("closed");
    await workbench.runCommand("Terminal: Kill the Active Terminal Instance");
    await waitUntil(
      () => !isRunning(pid),
      () => "the shell still runs",
    );
    await lab.show(0);
    await workbench.terminals.input("echo lives-$((50+5))\r");
    await workbench.terminals.waitForText("lives-55");
    assert.equal(host.logins(), 1);
  });
});
