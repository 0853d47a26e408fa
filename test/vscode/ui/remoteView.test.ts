import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import { processTable } from "../../lab/processTree.ts";
import { nextOutput, SshClient } from "../../lab/sshClient.ts";
import { type SshdHost, startSshd } from "../../lab/sshdHost.ts";
import { until } from "../../lab/until.ts";
import { launchWorkbench, type Workbench } from "../harness/workbench.ts";
import { screenshotFailures } from "./failureScreenshot.ts";

describe("the server's own view in the workbench", () => {
  let folder: string;
  let host: SshdHost;
  let client: SshClient;
  let workbench: Workbench;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "ssh-sessions-ui-"));
    host = await startSshd({ sshd: { ClientAliveInterval: 47 } });
    await writeFile(join(host.home, ".bash_profile"), "PS1='lab\\$ '\ncd\n");
    client = await SshClient.for(host.via(host));
    const configFile = join(folder, "ssh_config");
    await writeFile(configFile, host.sshConfigText("web1"));
    workbench = await launchWorkbench({ settings: { "sshSessions.configFile": configFile } });
    await workbench.openSideBar("SSH Sessions");
    await workbench.tree("Hosts").click("web1");
    await workbench.terminals.waitForText("lab#");
  });

  screenshotFailures(() => workbench);

  afterAll(async () => {
    await workbench?.close();
    await client?.stop();
    await host?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  /** Another user's login that is stopped, so that it counts as hung; its pid and the label of its row. */
  async function hungLogin(): Promise<{ readonly pid: number; readonly label: string }> {
    const child = client.spawn("tty; echo pid $$; exec sleep 1000", ["-tt"]);
    let said = "";
    while (!/pid \d+/.test(said)) {
      said += `${await nextOutput(child)}\n`;
    }
    const pid = Number(/pid (\d+)/.exec(said)?.[1]);
    await until(
      () => processTable().some((each) => each.pid === pid && each.name === "sleep"),
      "the shell became sleep",
    );
    process.kill(pid, "SIGSTOP");
    return { pid, label: `${host.user} ${/pts\/\d+/.exec(said)?.[0]}` };
  }

  function lives(pid: number): boolean {
    return processTable().some((process) => process.pid === pid);
  }

  it("shows and hides the logins of a server on request", async () => {
    const live = workbench.tree("Live");
    await live.waitForRow("web1", ({ level }) => level === 2);
    assert.deepEqual(
      (await live.rows()).map(({ label }) => label),
      ["web1", "web1"],
    );
    await live.inlineAction("web1", "Show Logins on the Server");
    await live.waitForRow("On the server", (row) => row.expanded === true);
    // Its own login is the first one.
    await live.waitForRow(
      new RegExp(`^${host.user}`),
      ({ description, level }) => level === 3 && /^ours/.test(description),
    );
    await live.inlineAction("On the server", "Hide Logins on the Server");
    await live.waitForNoRow("On the server");
    assert.deepEqual(
      (await live.rows()).map(({ label }) => label),
      ["web1", "web1"],
    );
  });

  it("expands to another login, hung and with the reason, and marks its own", async () => {
    const { pid, label } = await hungLogin();
    const live = workbench.tree("Live");
    await live.inlineAction("web1", "Show Logins on the Server");
    await live.waitForRow("On the server", (row) => row.expanded === true);
    const hung = await live.waitForRow(label);
    assert.match(hung.description, /^stopped · sleep 1000 .*from 127\.0\.0\.1/);
    assert.match(
      await live.hoverText(label),
      /Looks hung: process \d+, which leads or carries the session, is stopped/,
    );
    await live.waitForRow("On the server", (row) => /^\d+ hung · \d+ sessions?$/.test(row.description));
    // The session that reads is neither in the tree nor in the status bar.
    assert.equal((await live.rows()).filter(({ label: row }) => row === "web1").length, 2);
    await workbench.statusBarItem("1").first().waitFor();
    process.kill(pid, "SIGCONT");
    await live.inlineAction("On the server", "Refresh");
    await live.waitForRow(label, (row) => row.description.startsWith("sleep 1000"));
    assert.equal(host.logins(), 2);
  });

  it("kills it from its row, after a question that names its user", async () => {
    const { pid, label } = await hungLogin();
    const live = workbench.tree("Live");
    await live.inlineAction("On the server", "Refresh");
    await live.waitForRow(label);
    await live.inlineAction(label, "Kill on the Server…");
    const question = await workbench.dialogs.text();
    assert.match(question, new RegExp(`Kill ${label} on web1\\?`));
    assert.match(question, /Runs: sleep 1000/);
    assert.match(question, /Looks hung: process \d+/);
    await workbench.dialogs.press("Kill");
    await until(() => !lives(pid), "the login ended");
    await live.waitForNoRow(label);
    await workbench.terminals.type("echo still-$((1+1))\n");
    await workbench.terminals.waitForText("still-2");
  });

  it("lists all hung logins, and kills the selected ones", async () => {
    const { pid, label } = await hungLogin();
    await workbench.runCommand("SSH Sessions: Kill Hung Remote Sessions…");
    await workbench.quickInput.waitFor(label);
    // Other users on this machine are left alone.
    for (const row of await workbench.quickInput.rows()) {
      if (row !== label) {
        await workbench.quickInput.pick(row);
      }
    }
    await workbench.quickInput.accept();
    await until(() => !lives(pid), "the login ended");
  });

  it("explains the timeouts in a preview, with the server's own values", async () => {
    await workbench.runCommand("SSH Sessions: Explain Timeouts");
    const preview = workbench.page.frameLocator("iframe.webview.ready").frameLocator("iframe#active-frame");
    await preview.getByText("What ends an idle session on web1").waitFor();
    const row = preview.locator("tr", { hasText: "ClientAliveInterval" });
    assert.match(await row.first().innerText(), /47 s/);
  });
});
