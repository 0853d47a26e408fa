import assert from "node:assert/strict";
import { afterAll, beforeAll, describe, it } from "vitest";
import { processTable } from "../../lab/processTree.ts";
import { nextOutput, SshClient } from "../../lab/sshClient.ts";
import { until } from "../../lab/until.ts";
import { useWorkbenchLab } from "./workbenchLab.ts";

describe("the server's own view in the workbench", () => {
  const lab = useWorkbenchLab({ sshd: { sshd: { ClientAliveInterval: 47 } } });
  let client: SshClient;

  beforeAll(async () => {
    client = await SshClient.for(lab.host.via(lab.host));
    await lab.workbench.tree("Hosts").click("web1");
    await lab.workbench.terminals.waitForText("lab>");
  });

  afterAll(async () => {
    await client?.stop();
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
    return { pid, label: `${lab.host.user} ${/pts\/\d+/.exec(said)?.[0]}` };
  }

  function lives(pid: number): boolean {
    return processTable().some((process) => process.pid === pid);
  }

  it("shows and hides the logins of a server on request", async () => {
    const live = lab.workbench.tree("Live");
    await live.waitForRow("web1", ({ level }) => level === 2);
    assert.deepEqual(
      (await live.rows()).map(({ label }) => label),
      ["web1", "web1"],
    );
    await live.inlineAction("web1", "Show Logins on the Server");
    await live.waitForRow("On the server", (row) => row.expanded === true);
    // Its own login is the first one.
    await live.waitForRow(
      new RegExp(`^${lab.host.user}`),
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
    const live = lab.workbench.tree("Live");
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
    await lab.workbench.statusBarItem("1").first().waitFor();
    process.kill(pid, "SIGCONT");
    await live.inlineAction("On the server", "Refresh");
    await live.waitForRow(label, (row) => row.description.startsWith("sleep 1000"));
    assert.equal(lab.host.logins(), 2);
  });

  it("kills it from its row, after a question that names its user", async () => {
    const { pid, label } = await hungLogin();
    const live = lab.workbench.tree("Live");
    await live.inlineAction("On the server", "Refresh");
    // The row may be older than this login's program.
    await live.waitForRow(label, ({ description }) => description.startsWith("stopped · sleep 1000"));
    await live.inlineAction(label, "Kill on the Server…");
    const question = await lab.workbench.dialogs.text();
    assert.match(question, new RegExp(`Kill ${label} on web1\\?`));
    assert.match(question, /Runs: sleep 1000/);
    assert.match(question, /Looks hung: process \d+/);
    await lab.workbench.dialogs.press("Kill");
    await until(() => !lives(pid), "the login ended");
    await live.waitForNoRow(label);
    await lab.workbench.terminals.type("echo still-$((1+1))\n");
    await lab.workbench.terminals.waitForText("still-2");
  });

  it("lists all hung logins, and kills the selected ones", async () => {
    const { pid, label } = await hungLogin();
    await lab.workbench.runCommand("SSH Sessions: Kill Hung Remote Sessions…");
    await lab.workbench.quickInput.waitFor(label);
    // Other users on this machine are left alone.
    for (const row of await lab.workbench.quickInput.rows()) {
      if (row !== label) {
        await lab.workbench.quickInput.pick(row);
      }
    }
    await lab.workbench.quickInput.accept();
    await until(() => !lives(pid), "the login ended");
  });

  it("explains the timeouts in a preview, with the server's own values", async () => {
    await lab.workbench.runCommand("SSH Sessions: Explain Timeouts");
    const preview = lab.workbench.page
      .frameLocator("iframe.webview.ready")
      .frameLocator("iframe#active-frame");
    await preview.getByText("What ends an idle session on web1").waitFor();
    const row = preview.locator("tr", { hasText: "ClientAliveInterval" });
    assert.match(await row.first().innerText(), /47 s/);
  });
});
