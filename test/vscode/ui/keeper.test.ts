import assert from "node:assert/strict";
import { appendFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import { isRunning } from "../../lab/processTree.ts";
import { startSshd } from "../../lab/sshdHost.ts";
import { waitUntil } from "../harness/waitUntil.ts";
import { screenshotFailures } from "./failureScreenshot.ts";
import { type Stored, stored } from "./storedState.ts";
import { openTerminalLab, type TerminalLab } from "./terminalLab.ts";

describe("terminals that outlive their window", () => {
  let lab: TerminalLab;
  let folder: string;
  /** The shells of the terminals. */
  let first: number;
  let second: number;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "ssh-sessions-k-"));
    lab = await openTerminalLab({
      settings: { "sshSessions.keeper": true, "terminal.integrated.hideOnStartup": "whenEmpty" },
      windowEnv: { XDG_RUNTIME_DIR: folder },
    });
  });

  screenshotFailures(() => lab.workbench);

  afterAll(async () => {
    await lab?.close();
    // A keeper whose socket has gone leaves.
    await rm(folder, { recursive: true, force: true });
  });

  it("open again after a reload with the same shells, programs and screens, without a login", async () => {
    const { terminals, notifications } = lab.workbench;
    await lab.open("ours", 0);
    await terminals.input("clear; n=7; echo pid-$$-$n\r");
    await terminals.waitForText(/pid-\d+-7/);
    first = Number(/pid-(\d+)-7/.exec(await terminals.text())?.[1]);
    await lab.open("ours", 1);
    await terminals.input("clear; echo two-$$\r");
    await terminals.waitForText(/two-\d+/);
    second = Number(/two-(\d+)/.exec(await terminals.text())?.[1]);
    await terminals.input(
      "printf '\\033[?1049h\\033[2J\\033[3;5Hfull screen\\033[7;3H'; read line; echo got-$line\r",
    );
    await terminals.waitForText("full screen");
    const full = await lab.screen();
    await lab.show(0);
    const plain = await lab.screen();
    await lab.workbench.reload();
    await lab.workbench.openSideBar("SSH Sessions");
    await lab.workbench.tree("Live").waitForRow("lab", ({ level }) => level === 1);
    await lab.workbench.tree("Live").waitForRow("lab (2)");
    await lab.show(1);
    await terminals.waitForText("full screen");
    assert.equal(await lab.screen(), full);
    await lab.workbench.screenshot("kept-full-screen");
    await lab.show(0);
    await terminals.waitForText(/pid-\d+-7/);
    assert.equal(await lab.screen(), plain);
    await lab.workbench.screenshot("kept-after-reload");
    await terminals.input("echo again-$$-$n\r");
    await terminals.waitForText(`again-${first}-7`);
    assert.equal(lab.host.logins(), 1);
    assert.deepEqual(await notifications.texts(), []);
  });

  it("open again in their places: beside each other in a tab, and in the editor area", async () => {
    const { workbench } = lab;
    const { terminals, page } = workbench;
    const editor = page.locator('.editor-group-container .tab[aria-label^="lab (2)"]');
    await lab.show(1);
    await workbench.runCommand("Terminal: Move Terminal into Editor Area");
    await editor.waitFor();
    await lab.show(0);
    await terminals.press("Control+Shift+5");
    await workbench.tree("Live").waitForRow("lab (3)");
    const panes = ["┌  lab", "└  lab (3)"];
    const showsPanes = async (): Promise<void> => {
      await waitUntil(
        async () => (await terminals.names()).join() === panes.join(),
        async () => `the terminals of the panel are ${(await terminals.names()).join()}`,
      );
    };
    await showsPanes();
    // A workbench in a browser stores it a moment later, and a reload does not wait for that.
    await waitUntil(
      async () => (await page.evaluate<Stored>(stored)).openTerminals?.length === 3,
      () => "the terminals are not stored",
    );
    await workbench.reload();
    await workbench.openSideBar("SSH Sessions");
    for (const name of ["lab", "lab (2)", "lab (3)"]) {
      await workbench.tree("Live").waitForRow(name, ({ level }) => level === 2);
    }
    await showsPanes();
    await editor.waitFor();
    await workbench.screenshot("kept-places");
    assert.equal(lab.host.logins(), 1);
    await lab.show(1);
    await workbench.runCommand("Terminal: Kill the Active Terminal Instance");
    await workbench.tree("Live").waitForNoRow("lab (3)");
    await editor.click();
    await workbench.runCommand("Terminal: Move Terminal into Panel");
    await waitUntil(
      async () => (await terminals.names()).join() === "lab,lab (2)",
      async () => `the terminals of the panel are ${(await terminals.names()).join()}`,
    );
  });

  it("open again in the order of their tabs, in the list of terminals and in the Live view", async () => {
    const { workbench } = lab;
    const { terminals, page } = workbench;
    const live = workbench.tree("Live");
    const names = ["lab", "lab (2)", "lab (3)", "lab (4)", "lab (5)"];
    const sessions = async (): Promise<string> =>
      (await live.rows())
        .filter(({ level }) => level === 2)
        .map(({ label }) => label)
        .join();
    /** Of the shell in front. */
    const place = async (): Promise<string> =>
      /^place-\d-of-\d+$/m.exec(await terminals.waitForText(/^place-\d-of-\d+$/m))?.[0] ?? "";
    await lab.show(1);
    await terminals.input("done\r");
    await terminals.waitForText("got-done");
    await terminals.input("printf '\\033[?1049l'\r");
    for (let at = 2; at < names.length; at++) {
      await lab.open("ours", at);
    }
    const before: string[] = [];
    for (const at of names.keys()) {
      await lab.show(at);
      await terminals.input(`clear; echo place-$((${at} + 1))-of-$$\r`);
      before.push(await place());
    }
    await waitUntil(
      async () => (await page.evaluate<Stored>(stored)).openTerminals?.length === names.length,
      () => "the terminals are not stored",
    );
    await workbench.reload();
    await workbench.openSideBar("SSH Sessions");
    await waitUntil(
      async () => (await terminals.names()).join() === names.join() && (await sessions()) === names.join(),
      async () => `the terminals are ${(await terminals.names()).join()}, the rows ${await sessions()}`,
    );
    for (const [at, shown] of before.entries()) {
      await lab.show(at);
      assert.equal(await place(), shown);
    }
    assert.equal(lab.host.logins(), 1);
    for (let at = names.length - 1; at >= 2; at--) {
      await lab.show(at);
      await workbench.runCommand("Terminal: Kill the Active Terminal Instance");
      await live.waitForNoRow(names[at] ?? "");
    }
  });

  it("are listed in another window, by a row and by Show Keeper, and open there with their screen", async () => {
    const { workbench } = lab;
    // Another folder: terminals from before belong to one.
    const other = await workbench.newWindow(lab.folder);
    try {
      await other.openSideBar("SSH Sessions");
      const { description } = await other.tree("Live").waitForRow("Keeper");
      assert.equal(description, "2 sessions outside this window");
      await other.screenshot("keeper-row");
      await other.runCommand("SSH Sessions: Show Keeper");
      await other.quickInput.waitFor("Choose a session to open it in this window");
      const text = await other.quickInput.describe();
      assert.match(text, /Sessions in the Keeper/);
      assert.match(text, /lab · lab \(2\)\s*in the window “[^”]+” \(process \d+\) · /);
      await other.screenshot("show-keeper");
      await other.quickInput.pick("lab · lab (2)");
      await other.terminals.waitForText(/place-2-of-\d+/);
      await other.terminals.input("echo here-$((40+2))-$$\r");
      await other.terminals.waitForText(`here-42-${second}`);
      await other
        .tree("Live")
        .waitForRow("Keeper", (row) => row.description === "1 session outside this window");
      // It is in one window at a time.
      await lab.show(1);
      await workbench.terminals.waitForText("[lab: opened in another window]");
      // A second choice shows the terminal that is there.
      await other.runCommand("SSH Sessions: Show Keeper");
      await other.quickInput.waitFor("in this window");
      await other.quickInput.pick("lab · lab (2)");
      assert.deepEqual(await other.terminals.names(), ["lab (2)"]);
      assert.equal(lab.host.logins(), 1);
      await waitUntil(
        async () => (await other.page.evaluate<Stored>(stored)).openTerminals?.length === 1,
        () => "the terminal is not stored",
      );
    } finally {
      await other.close();
    }
    assert.ok(isRunning(second));
  });

  it("a session that another window shows stays there when the folder of its terminal is opened again", async () => {
    const { workbench } = lab;
    const { terminals, quickInput } = workbench;
    // The tab whose session was taken gets it again.
    await workbench.runCommand("SSH Sessions: Show Keeper");
    await quickInput.waitFor("Choose a session to open it in this window");
    await quickInput.pick("lab · lab (2)");
    await terminals.waitForText(`here-42-${second}`);
    await terminals.input("echo back-$((40+2))-$$\r");
    await terminals.waitForText(`back-42-${second}`);
    assert.deepEqual(await terminals.names(), ["lab", "lab (2)"]);
    const again = await workbench.newWindow(lab.folder);
    try {
      await again.openSideBar("SSH Sessions");
      await again
        .tree("Live")
        .waitForRow("Keeper", (row) => row.description === "2 sessions outside this window");
      assert.deepEqual(await again.terminals.names(), []);
      await terminals.input("echo still-$((40+2))-$$\r");
      await terminals.waitForText(`still-42-${second}`);
      // Closing the tab whose session was taken ends nothing.
      await again.runCommand("SSH Sessions: Show Keeper");
      await again.quickInput.waitFor("Choose a session to open it in this window");
      await again.quickInput.pick("lab · lab (2)");
      await terminals.waitForText("[lab: opened in another window]");
      await workbench.runCommand("Terminal: Kill the Active Terminal Instance");
      await waitUntil(
        async () => (await terminals.names()).length === 1,
        () => "the tab is not closed",
      );
      await again.terminals.waitForText(`still-42-${second}`);
      await again.terminals.input("echo lives-$((40+2))-$$\r");
      await again.terminals.waitForText(`lives-42-${second}`);
    } finally {
      await again.close();
    }
    await workbench.runCommand("SSH Sessions: Show Keeper");
    await quickInput.waitFor("Choose a session to open it in this window");
    await quickInput.pick("lab · lab (2)");
    await terminals.waitForText(`lives-42-${second}`);
  });

  it("end with their tab, and with the keeper after a question", async () => {
    const { workbench } = lab;
    await lab.show(1);
    await workbench.runCommand("Terminal: Kill the Active Terminal Instance");
    await workbench.tree("Live").waitForNoRow("lab (2)");
    await waitUntil(
      () => !isRunning(second),
      () => "the closed terminal's shell lives on",
    );
    await workbench.runCommand("SSH Sessions: Stop Keeper");
    assert.match(await workbench.dialogs.text(), /Stop the keeper\? 1 session and its program end\./);
    await workbench.dialogs.press("Stop Keeper");
    const log = await readFile(join(folder, "ssh-sessions", "keeper.log"), "utf8");
    const keepers = [...log.matchAll(/the keeper (\d+) \(/g)].map(([, pid]) => Number(pid));
    assert.equal(keepers.length, 1);
    await waitUntil(
      () => ![...keepers, first].some(isRunning),
      () => "the keeper or its session lives on",
    );
    await workbench.notifications.waitFor("The keeper has stopped.");
    for (const command of ["Show Keeper", "Stop Keeper"]) {
      await workbench.notifications.clear();
      await workbench.runCommand(`SSH Sessions: ${command}`);
      await workbench.notifications.waitFor("No keeper is running. It starts with the next connection.");
    }
    // Its terminals don't start another one.
    await workbench.tree("Hosts").waitForRow("lab", ({ description }) => !description.includes("session"));
    assert.equal(lab.host.logins(), 1);
  });

  it("a login of the keeper asks about a host key and for a password in its window", async () => {
    const { workbench } = lab;
    const { quickInput, dialogs } = workbench;
    const host = await startSshd({
      user: "throwaway",
      sshd: { UsePAM: "yes", PasswordAuthentication: "yes" },
    });
    try {
      await writeFile(join(host.home, ".bash_profile"), "PS1='asked> '\n");
      const known = join(lab.folder, "known_hosts");
      const asking = [
        `UserKnownHostsFile "${known}"`,
        "StrictHostKeyChecking ask",
        "PubkeyAuthentication no",
        "PreferredAuthentications password",
      ];
      await appendFile(join(lab.folder, "ssh_config"), `\n${host.sshConfigText("asks", asking)}`);
      await workbench.tree("Hosts").waitForRow("asks");
      await workbench.tree("Hosts").click("asks");
      assert.match(await dialogs.text(), /SHA256:/);
      await dialogs.press("Connect and Save");
      await quickInput.waitFor("Password for ");
      await quickInput.fill(host.password ?? "");
      await quickInput.accept();
      await workbench.terminals.waitForText("asked>");
      await workbench
        .tree("Live")
        .waitForRow("asks", ({ description }) => description.includes("held by the keeper"));
      assert.equal(host.logins(), 1);
      assert.match(await readFile(known, "utf8"), /ssh-ed25519/);
      const log = await readFile(join(folder, "ssh-sessions", "keeper.log"), "utf8");
      assert.match(log, /connected to .*\(password/);
    } finally {
      await host.stop();
    }
  });
});
