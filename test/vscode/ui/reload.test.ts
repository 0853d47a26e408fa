import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import { processTable } from "../../lab/processTree.ts";
import { needProgram } from "../../setup/needProgram.ts";
import { waitUntil } from "../harness/waitUntil.ts";
import { screenshotFailures } from "./failureScreenshot.ts";
import { type Stored, stored } from "./storedState.ts";
import { openTerminalLab, type TerminalLab } from "./terminalLab.ts";

/** In the page: what the terminal in front shows of VS Code's own scrollback, if it is scrolled back. */
const linesScrolledTo = `(() => {
  const { xterm } = document.querySelector("#terminal .terminal-wrapper.active");
  const { active } = xterm.buffer;
  const lines = Array.from(
    { length: xterm.rows },
    (_, row) => active.getLine(active.viewportY + row).translateToString(true),
  );
  return active.baseY > active.viewportY ? lines.join("\\n") : "";
})()`;

/** In the page: the colour of a line of the terminal in front. @param begin of the line */
const colourOfFirst = (begin: string): string => `(() => {
  const { xterm } = document.querySelector("#terminal .terminal-wrapper.active");
  const { active } = xterm.buffer;
  for (let row = active.baseY; row < active.length; row++) {
    const line = active.getLine(row);
    if (line.translateToString(true).startsWith(${JSON.stringify(begin)})) {
      return { isRgb: line.getCell(0).isFgRGB(), colour: line.getCell(0).getFgColor() };
    }
  }
  return undefined;
})()`;

const selected = `document.querySelector("#terminal .terminal-wrapper.active").xterm.getSelection()`;

/** Shells in tmux and screen on the host, and a window that reloads. */
describe("terminals after a reload of the window", () => {
  let lab: TerminalLab;
  let folder: string;
  /** Of the reopened terminals. */
  const shells: number[] = [];

  beforeAll(async () => {
    await needProgram("tmux");
    await needProgram("screen");
    folder = await mkdtemp(join(tmpdir(), "ssh-sessions-persistent-"));
    lab = await openTerminalLab({
      aliases: ["tmux1", "screen1"],
      // The host's own tmux and screen, which end with it.
      env: { TMUX_TMPDIR: folder, SCREENDIR: folder },
      settings: {
        // Avoids a local terminal of VS Code in a panel that is restored without ours.
        "terminal.integrated.hideOnStartup": "whenEmpty",
        "sshSessions.persistence": "tmux",
        "sshSessions.hosts": [{ pattern: "screen1", persistence: "screen" }],
      },
    });
    await writeFile(join(lab.host.home, ".screenrc"), "startup_message off\n");
  });

  screenshotFailures(() => lab.workbench);

  afterAll(async () => {
    await lab?.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** Runs a query in the active shell. */
  async function shellPid(): Promise<number> {
    const file = join(lab.host.home, "pid");
    await lab.workbench.terminals.input("echo $$ >pid.new && mv pid.new pid\r");
    const pid = await waitUntil(
      async () => Number(await readFile(file, "utf8").catch(() => "")) || undefined,
      async () => `no shell answers, but:\n${await lab.workbench.terminals.text()}`,
    );
    await rm(file);
    return pid;
  }

  /** A workbench in a browser writes what extensions store a moment later, and a reload does not wait for that. */
  async function waitForStored(what: string, isThere: (stored: Stored) => boolean): Promise<void> {
    let last: Stored = {};
    await waitUntil(
      async () => {
        last = await lab.workbench.page.evaluate<Stored>(stored);
        return isThere(last);
      },
      () => `${what} not stored, but: ${JSON.stringify(last)}`,
    );
  }

  /** @param hosts of the terminals that must be remembered by then */
  async function reload(...hosts: readonly string[]): Promise<void> {
    await waitForStored(
      `terminals on ${hosts.join()}`,
      ({ openTerminals }) => openTerminals?.map(({ host }) => host).join() === hosts.join(),
    );
    await lab.workbench.reload();
    await lab.workbench.openSideBar("SSH Sessions");
  }

  /** The one session that ended before the reload, with its details; then it is cleared. */
  async function showsEnded(title: string): Promise<void> {
    const live = lab.workbench.tree("Live");
    await live.waitForRow("Ended", ({ description }) => description === "1 session");
    await live.click("Ended");
    await live.waitForRow(title, ({ level, description }) => level === 2 && / · /.test(description));
    await live.contextMenu(title, "Show Session Details");
    const { page } = lab.workbench;
    const frame = page.frameLocator("iframe.webview.ready").frameLocator("iframe#active-frame");
    await frame.getByText("Session requested").waitFor();
    await frame.getByText("Close sent").waitFor();
    await lab.workbench.screenshot("ended-before-the-reload");
    await lab.workbench.runCommand("View: Close All Editors");
    await lab.workbench.runCommand("SSH Sessions: Clear Ended");
    await live.waitForNoRow("Ended");
  }

  /** By a click on the row: one of the two by choice, the other by its inline button. */
  async function reopensChosen(row: string): Promise<void> {
    const { quickInput, terminals } = lab.workbench;
    const live = lab.workbench.tree("Live");
    await live.click(row);
    await quickInput.waitFor(row);
    await lab.workbench.screenshot("terminals-from-before");
    await quickInput.pick("Choose…");
    await quickInput.waitFor("Choose which to reopen");
    await quickInput.pick("tmux1");
    await quickInput.accept();
    await terminals.waitForText("not yet saved");
    const left = "1 terminal from before";
    await live.waitForRow(left, ({ description }) => description === "screen1");
    await live.inlineAction(left, "Reopen Terminals from Before");
    await live.waitForNoRow(left);
  }

  const offer = "open in this workspace";
  const both = "2 SSH terminals were open in this workspace: tmux1, screen1. Reopen · Forget";

  it("offers the open ones in a message and a row until the offer is answered: the same shells, with their programs", async () => {
    const { terminals, notifications } = lab.workbench;
    await lab.open("ours", 0, "tmux1");
    const inTmux = await shellPid();
    assert.match(parentName(inTmux), /^tmux/);
    await lab.open("ours", 1, "tmux1");
    const closed = await shellPid();
    await lab.workbench.runCommand("Terminal: Kill the Active Terminal Instance");
    await waitUntil(
      () => !isAlive(closed),
      () => "the closed terminal's shell lives on in tmux",
    );
    await waitForStored("the closed terminal's session", ({ endedSessions }) => endedSessions?.length === 1);
    await lab.open("ours", 1, "screen1");
    const inScreen = await shellPid();
    assert.match(parentName(inScreen), /^screen/i);
    await terminals.input("clear; echo cat-$((40+2)); cat\r");
    await terminals.waitForText("cat-42");
    await lab.show(0);
    await terminals.input("vim -u NONE -N -n -i NONE\r");
    await terminals.waitForText(/^~/m);
    await terminals.input("inot yet saved\u001b");
    // tmux waits for more input after Esc.
    await terminals.waitForText(/^(?![\s\S]*INSERT)[\s\S]*not yet saved/);
    for (const _ of ["unanswered", "answered"]) {
      await reload("tmux1", "screen1");
      assert.equal(await notifications.waitFor(offer), both);
    }
    await showsEnded("tmux1 (2)");
    const row = "2 terminals from before";
    assert.equal((await lab.workbench.tree("Live").waitForRow(row)).description, "tmux1, screen1");
    await reopensChosen(row);
    // The message vanishes with the row.
    await waitUntil(
      async () => (await notifications.texts()).every((text) => !text.includes(offer)),
      async () => `messages: ${(await notifications.texts()).join("\n")}`,
    );
    await lab.show(1);
    await terminals.waitForText("cat-42");
    await terminals.input("twice\r");
    await terminals.waitForText(/^twice\ntwice/m);
    await terminals.press("Control+C");
    await terminals.waitForText(/\^C\s*lab>/);
    assert.equal(await shellPid(), inScreen);
    await lab.show(0);
    await terminals.waitForText("not yet saved");
    await terminals.input(":s/not yet/still not/\r");
    await terminals.waitForText("still not saved");
    await terminals.input(":qa!\r");
    await terminals.waitForText(/vim [^\n]*\s*lab>/);
    assert.equal(await shellPid(), inTmux);
    shells.push(inTmux, inScreen);
  });

  it("the wheel scrolls VS Code's own scrollback, a double click selects a word, and there is no status line", async () => {
    const { page, terminals } = lab.workbench;
    for (const [index, program] of ["tmux", "screen"].entries()) {
      await lab.show(index);
      // Slowly: tmux leaves out what has scrolled out of the screen when it draws.
      await terminals.input("clear; for i in $(seq 60); do echo word$i; sleep 0.03; done\r");
      await terminals.waitForText(/word60\s+lab>/);
      assert.match((await lab.screen()).trimEnd(), /lab>$/, program);
      const { x, y } = await lab.cell(2, 3);
      await page.mouse.move(x, y);
      await page.mouse.wheel(0, -400);
      const scrolledBack = await waitUntil(
        async () => (await page.evaluate<string>(linesScrolledTo)) || undefined,
        () => `the wheel scrolls nothing back in ${program}`,
      );
      assert.match(scrolledBack, /^word\d+$/m);
      await page.mouse.dblclick(x, y);
      await waitUntil(
        async () => /^word\d+$/.test(await page.evaluate<string>(selected)),
        async () => `selected in ${program}: ${await page.evaluate<string>(selected)}`,
      );
      await lab.workbench.screenshot(`${program}-scrolled-back`);
    }
  });

  it("a program in them has true colour in tmux, and copies to the clipboard", async () => {
    const { page, terminals } = lab.workbench;
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    // screen passes on only what is marked for the terminal.
    const copying = { tmux: "\\033]52;c;%s\\007", screen: "\\033P\\033]52;c;%s\\007\\033\\\\" };
    for (const [index, program] of (["tmux", "screen"] as const).entries()) {
      await lab.show(index);
      await page.evaluate("navigator.clipboard.writeText('nothing')");
      await terminals.input(
        `clear; printf '\\033[38;2;18;52;86mtrue\\033[m\\n'; printf '${copying[program]}' "$(printf 'from %s' ${program} | base64 -w0)"\r`,
      );
      await waitUntil(
        async () => (await page.evaluate<string>("navigator.clipboard.readText()")) === `from ${program}`,
        () => `${program} copies nothing`,
      );
      await terminals.waitForText(/^true\s+lab>/m);
      if (program === "tmux") {
        assert.deepEqual(await page.evaluate(colourOfFirst("true")), { isRgb: true, colour: 0x123456 });
      }
    }
  });

  it("no longer offers forgotten ones, which stay on the host", async () => {
    const { notifications } = lab.workbench;
    await reload("tmux1", "screen1");
    assert.equal(await notifications.waitFor(offer), both);
    await notifications.follow(offer, "Forget");
    await lab.workbench.tree("Live").waitForNoRow("2 terminals from before");
    await lab.open("ours", 0, "tmux1");
    assert.ok(!shells.includes(await shellPid()));
    await reload("tmux1");
    assert.equal(
      await notifications.waitFor(offer),
      "1 SSH terminal was open in this workspace: tmux1. Reopen · Forget",
    );
    assert.equal((await notifications.texts()).length, 1);
    assert.deepEqual(shells.filter(isAlive), shells);
  });

  it("opens them by itself where the setting says so", async () => {
    const { notifications, terminals, workspaceFolder } = lab.workbench;
    const folder = join(workspaceFolder, ".vscode");
    await mkdir(folder);
    await writeFile(join(folder, "settings.json"), JSON.stringify({ "sshSessions.reopenTerminals": "auto" }));
    await reload("tmux1");
    await lab.workbench.tree("Live").waitForRow("tmux1", ({ level }) => level === 2);
    await terminals.waitForText("lab>");
    assert.deepEqual(await notifications.texts(), []);
  });
});

function isAlive(pid: number): boolean {
  return processTable().some((each) => each.pid === pid);
}

function parentName(pid: number): string {
  const table = processTable();
  const parent = table.find((each) => each.pid === pid)?.parent;
  return table.find((each) => each.pid === parent)?.name ?? "";
}
