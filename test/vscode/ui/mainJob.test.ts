import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Locator } from "playwright-core";
import { afterAll, beforeAll, describe, it } from "vitest";
import { type SshdHost, startSshd } from "../../lab/sshdHost.ts";
import { launchWorkbench, type Workbench } from "../harness/workbench.ts";
import { screenshotFailures } from "./failureScreenshot.ts";

const run = promisify(execFile);

/** What a user does with mouse and keyboard in one window. */
describe("a user in the workbench", () => {
  let folder: string;
  let host: SshdHost;
  let fresh: SshdHost;
  let knownHostsFile: string;
  let workbench: Workbench;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "ssh-sessions-ui-"));
    host = await startSshd();
    fresh = await startSshd();
    for (const { home } of [host, fresh]) {
      await writeFile(join(home, ".bash_profile"), "PS1='lab\\$ '\ncd\n");
    }
    knownHostsFile = join(folder, "known_hosts");
    await writeFile(knownHostsFile, "# mine\n");
    const configFile = join(folder, "ssh_config");
    const asking = ["StrictHostKeyChecking ask", `UserKnownHostsFile ${knownHostsFile}`, "HashKnownHosts no"];
    await writeFile(
      configFile,
      [host.sshConfigText("web1"), fresh.sshConfigText("fresh1", asking)].join("\n"),
    );
    workbench = await launchWorkbench({ settings: { "sshSessions.configFile": configFile } });
    await workbench.openSideBar("SSH Sessions");
  });

  screenshotFailures(() => workbench);

  afterAll(async () => {
    await workbench?.close();
    await host?.stop();
    await fresh?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it("clicks a host, types a command and reads the output on the screen", async () => {
    await workbench.tree("Hosts").click("web1");
    await workbench.terminals.waitForText("lab#");
    await workbench.terminals.type("echo hello-$((40+2))\n");
    await workbench.terminals.waitForText("hello-42");
    const live = workbench.tree("Live");
    const master = await live.waitForRow("web1", (row) => row.level === 1);
    assert.match(master.description, /@127\.0\.0\.1/);
    await live.waitForRow("web1", (row) => row.level === 2);
    assert.equal(host.logins(), 1);
  });

  it("opens a second terminal from the profile menu, on the same connection", async () => {
    await workbench.openTerminalProfile("SSH…");
    await workbench.quickInput.waitFor("Choose a host");
    await workbench.quickInput.pick("web1");
    await workbench.tree("Live").waitForRow("web1 (2)", (row) => row.level === 2);
    await workbench.terminals.waitForText("lab#");
    await workbench.terminals.type("echo second-$((20+3))\n");
    await workbench.terminals.waitForText("second-23");
    await workbench.statusBarItem("2").first().waitFor();
    assert.equal(host.logins(), 1);
    assert.equal(host.sessions(), 2);
  });

  it("kills one session from the tree; the other one still responds", async () => {
    const live = workbench.tree("Live");
    await live.contextMenu("web1 (2)", "Kill");
    await live.waitForNoRow("web1 (2)");
    await live.click("web1");
    await workbench.runCommand("Terminal: Focus Terminal");
    await workbench.terminals.type("echo still-$((1+1))\n");
    await workbench.terminals.waitForText("still-2");
    assert.equal(host.logins(), 1);
  });

  const pictures = (): Locator =>
    workbench.page.locator(".editor-group-container .tab").filter({ hasText: "Host key" });

  it("closes the comparison of a host key, which asks again, and the question, which closes the randomart", async () => {
    const { dialogs, quickInput } = workbench;
    await workbench.tree("Hosts").click("fresh1");
    for (const view of ["Hosts", "Live"]) {
      await workbench
        .tree(view)
        .waitForRow("fresh1", ({ description }) => description.startsWith("waiting for your answer"));
    }
    await dialogs.press("Show Randomart");
    await pictures().waitFor();
    const asked = await dialogs.buttons();
    await dialogs.press("Compare Fingerprint…");
    await quickInput.waitFor("Paste the fingerprint");
    await quickInput.cancel();
    assert.deepEqual(await dialogs.buttons(), asked);
    await pictures().waitFor();
    await dialogs.press("Cancel");
    await pictures().waitFor({ state: "detached" });
    await workbench.tree("Live").waitForNoRow("fresh1");
    assert.equal(await readFile(knownHostsFile, "utf8"), "# mine\n");
  });

  it("keeps the terminal after Escape in the question, and R asks again", async () => {
    const { dialogs, terminals, page } = workbench;
    const refused = "you did not accept its host key";
    await terminals.waitForText(new RegExp(`"fresh1": ${refused}[\\s\\S]*R to reopen`));
    const tabs = await terminals.names();
    await terminals.press("r");
    assert.match(await dialogs.text(), /SHA256:/);
    await page.keyboard.press("Escape");
    // Each attempt leaves its line.
    await terminals.waitForText(new RegExp(`${refused}[\\s\\S]*${refused}[\\s\\S]*R to reopen`));
    assert.deepEqual(await terminals.names(), tabs);
    assert.equal(await dialogs.isOpen(), false);
  });

  it("is asked about an unknown host key, with its fingerprint, and the accepted key is saved", async () => {
    await workbench.terminals.press("r");
    const question = await workbench.dialogs.text();
    assert.match(question, /fresh1/);
    assert.match(question, /SHA256:[A-Za-z0-9+/]{43}/);
    const [fingerprint = ""] = /SHA256:\S{43}/.exec(question) ?? [];
    assert.equal(await workbench.dialogs.focusedButton(), "Compare Fingerprint…");
    const before = await workbench.dialogs.buttons();
    await workbench.screenshot("host-key-dialog");
    await workbench.dialogs.press("Show Randomart");
    assert.deepEqual(
      await workbench.dialogs.buttons(),
      before.filter((label) => label !== "Show Randomart"),
    );
    const publicFile = join(folder, "fresh.pub");
    await writeFile(publicFile, `${fresh.hostKeyLines[0] ?? ""}\n`);
    const { stdout } = await run("ssh-keygen", ["-lv", "-f", publicFile]);
    const drawn = stdout.trimEnd().split("\n").slice(1);
    assert.equal(drawn.length, 11);
    const page = (await workbench.page.locator(".editor-instance .view-lines").first().innerText())
      .replaceAll("\u00a0", " ")
      .split("\n");
    assert.deepEqual(
      page.filter((line) => /^[+|]/.test(line)),
      drawn,
    );
    await workbench.screenshot("host-key-randomart");
    for (const [given, verdict, buttons] of [
      [`SHA256:${"A".repeat(43)}`, /differs/, ["Compare Fingerprint…", "Cancel"]],
      [`256 ${fingerprint} root@fresh1 (ED25519)`, /matches/, ["Connect and Save", "Cancel"]],
    ] as const) {
      await workbench.dialogs.press("Compare Fingerprint…");
      await workbench.quickInput.waitFor("Paste the fingerprint");
      await workbench.quickInput.fill(given);
      await workbench.quickInput.accept();
      assert.match(await workbench.dialogs.text(), verdict);
      assert.deepEqual([...(await workbench.dialogs.buttons())].sort(), [...buttons].sort());
      await workbench.screenshot(`host-key-${String(verdict).replaceAll("/", "")}`);
    }
    await workbench.dialogs.press("Connect and Save");
    await pictures().waitFor({ state: "detached" });
    await workbench.terminals.waitForText("lab#");
    const lines = (await readFile(knownHostsFile, "utf8")).trimEnd().split("\n");
    assert.equal(lines[0], "# mine");
    assert.equal(lines.length, 2);
    const [publicLine] = fresh.hostKeyLines;
    assert.ok(publicLine !== undefined && lines[1]?.includes(publicLine.split(" ").slice(0, 2).join(" ")));
  });

  it("reads the effective values and their sources in the hover of a connection", async () => {
    const hover = await workbench.tree("Live").hoverText("web1");
    assert.match(hover, /serverAliveInterval/);
    assert.match(hover, /default/);
    await workbench.page.mouse.move(700, 300);
  });

  it("takes screenshots that are not empty", async () => {
    const path = await workbench.screenshot("main-job");
    // An empty page of this size compresses to far less.
    assert.ok((await stat(path)).size > 20_000);
  });

  it("disconnects from the tree; the shell ends and the row disappears", async () => {
    const live = workbench.tree("Live");
    await live.inlineAction("fresh1", "Disconnect");
    await live.waitForNoRow("fresh1");
  });
});
