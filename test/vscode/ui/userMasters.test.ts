import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import { type SshdHost, startSshd } from "../../lab/sshdHost.ts";
import { launchWorkbench, type Workbench } from "../harness/workbench.ts";
import { screenshotFailures } from "./failureScreenshot.ts";

describe("a connection that the user's own ssh has", () => {
  let folder: string;
  let host: SshdHost;
  let workbench: Workbench;
  let configFile: string;
  const masters: ChildProcess[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "ssh-sessions-ui-"));
    host = await startSshd();
    await writeFile(join(host.home, ".bash_profile"), "PS1='lab> '\ncd\n");
    const own = [`ControlPath ${join(folder, "cm-%n")}`, "IdentityAgent none"];
    configFile = join(folder, "ssh_config");
    // Hosts that differ in Compression do not share a connection.
    const blocks = [host.sshConfigText("web1", own), host.sshConfigText("web2", [...own, "Compression yes"])];
    await writeFile(configFile, blocks.join("\n"));
    workbench = await launchWorkbench({ settings: { "sshSessions.configFile": configFile } });
    await workbench.openSideBar("SSH Sessions");
    await workbench.tree("Hosts").waitForRow("web1");
  });

  screenshotFailures(() => workbench);

  afterAll(async () => {
    await workbench?.close();
    for (const master of masters) {
      master.kill();
    }
    await host?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  async function startMaster(alias: string): Promise<ChildProcess> {
    const logins = host.logins();
    const master = spawn("ssh", ["-F", configFile, "-N", "-M", alias], { stdio: "ignore" });
    masters.push(master);
    await host.waitForLogins(logins + 1);
    return master;
  }

  it("appears as what it is, and Use connects over it without a login", async () => {
    const live = workbench.tree("Live");
    const { pid } = await startMaster("web1");
    await live.waitForRow("web1", ({ description }) =>
      description.startsWith(`connection of ssh, process ${pid}`),
    );
    assert.match(await live.hoverText("web1"), /Your own ssh made this connection/);
    await live.inlineAction("web1", "Use Connection of ssh");
    await live.waitForRow("web1", ({ description }) => description.includes("on the connection of ssh"));
    await live.waitForRow("web1", ({ description }) => description.includes("used here"));
    await workbench.tree("Hosts").click("web1");
    await workbench.terminals.waitForText("lab>");
    assert.equal(host.logins(), 1);
    await workbench.screenshot("connection-of-ssh");
  });

  it("ends: the terminal reconnects in its tab with a login of its own", async () => {
    const [master] = masters;
    master?.kill();
    await host.waitForLogins(2);
    await workbench
      .tree("Live")
      .waitForRow("web1", ({ description }) => /\d ms/.test(description) && !/of ssh/.test(description));
    await workbench.terminals.input("echo sum-$((40 + 2))\r");
    await workbench.terminals.waitForText("sum-42");
  });

  it("is used for a host after one question, and Exit ends it after another one", async () => {
    const live = workbench.tree("Live");
    const master = await startMaster("web2");
    await live.waitForRow("web2");
    await workbench.tree("Hosts").click("web2");
    await workbench.dialogs.press("Use It");
    await live.waitForRow("web2", ({ description }) => description.includes("on the connection of ssh"));
    assert.equal(host.logins(), 3);
    const ended = once(master, "exit");
    await workbench.runCommand("SSH Sessions: Exit Connection of ssh…");
    await workbench.quickInput.pick("web2");
    await workbench.dialogs.press("End Connection");
    await ended;
    await host.waitForLogins(4);
  });
});
