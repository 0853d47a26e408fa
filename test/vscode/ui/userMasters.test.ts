import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import { until } from "../../lab/until.ts";
import { useWorkbenchLab } from "./workbenchLab.ts";

describe("a connection that the user's own ssh has", () => {
  const lab = useWorkbenchLab({
    sshConfig: ({ folder, host }) => {
      const own = [`ControlPath ${join(folder, "cm-%n")}`, "IdentityAgent none"];
      // Hosts that differ in Compression do not share a connection.
      return [
        host.sshConfigText("web1", own),
        host.sshConfigText("web2", [...own, "Compression yes"]),
        host.sshConfigText("web3", [...own, "Ciphers aes128-gcm@openssh.com"]),
      ].join("\n");
    },
  });
  const masters: ChildProcess[] = [];

  beforeAll(async () => {
    await lab.workbench.tree("Hosts").waitForRow("web1");
  });

  afterAll(() => {
    for (const master of masters) {
      master.kill();
    }
  });

  async function startMaster(alias: string): Promise<ChildProcess> {
    const logins = lab.host.logins();
    const master = spawn("ssh", ["-F", lab.configFile, "-N", "-M", alias], { stdio: "ignore" });
    masters.push(master);
    await lab.host.waitForLogins(logins + 1);
    return master;
  }

  it("appears as what it is, and Use connects over it without a login", async () => {
    const live = lab.workbench.tree("Live");
    const { pid } = await startMaster("web1");
    await live.waitForRow("web1", ({ description }) =>
      description.startsWith(`connection of ssh, process ${pid}`),
    );
    assert.match(await live.hoverText("web1"), /Your own ssh made this connection/);
    await live.inlineAction("web1", "Use Connection of ssh");
    await live.waitForRow("web1", ({ description }) => description.includes("on the connection of ssh"));
    await live.waitForRow("web1", ({ description }) => description.includes("used here"));
    await lab.workbench.tree("Hosts").click("web1");
    await lab.workbench.terminals.waitForText("lab>");
    assert.equal(lab.host.logins(), 1);
    await lab.workbench.screenshot("connection-of-ssh");
  });

  it("ends: the terminal reconnects in its tab with a login of its own", async () => {
    const [master] = masters;
    master?.kill();
    await lab.host.waitForLogins(2);
    await lab.workbench
      .tree("Live")
      .waitForRow("web1", ({ description }) => /\d ms/.test(description) && !/of ssh/.test(description));
    await lab.workbench.terminals.input("echo sum-$((40 + 2))\r");
    await lab.workbench.terminals.waitForText("sum-42");
  });

  it("is used for a host after one question, and Exit ends it after another one", async () => {
    const live = lab.workbench.tree("Live");
    const master = await startMaster("web2");
    await live.waitForRow("web2");
    await lab.workbench.tree("Hosts").click("web2");
    await live.waitForRow("web2", ({ description }) => description.startsWith("waiting for your answer"));
    await lab.workbench.dialogs.press("Use It");
    await live.waitForRow("web2", ({ description }) => description.includes("on the connection of ssh"));
    assert.equal(lab.host.logins(), 3);
    const ended = once(master, "exit");
    await lab.workbench.runCommand("SSH Sessions: Exit Connection of ssh…");
    await lab.workbench.quickInput.pick("web2");
    await lab.workbench.dialogs.press("End Connection");
    await ended;
    await lab.host.waitForLogins(4);
    await lab.workbench.terminals.waitForText("web2: lost: the connection of your own ssh ended");
    await lab.workbench.screenshot("connection-of-ssh-ended");
  });

  it("the answer in one window counts in another one, where Stop leaves the sessions of both", async () => {
    const master = await startMaster("web3");
    const logins = lab.host.logins();
    await lab.workbench.tree("Live").waitForRow("web3");
    await lab.workbench.tree("Hosts").click("web3");
    await lab.workbench.dialogs.press("Use It");
    const second = await lab.workbench.newWindow();
    await second.openSideBar("SSH Sessions");
    await second.tree("Hosts").click("web3");
    for (const workbench of [lab.workbench, second]) {
      await workbench
        .tree("Live")
        .waitForRow("web3", ({ description }) => description.includes("on the connection of ssh"));
      await workbench.terminals.waitForText("lab>");
    }
    await second.runCommand("SSH Sessions: Stop Sharing Connection of ssh");
    await second.quickInput.pick("web3");
    await until(async () => !(await readdir(lab.folder)).includes("cm-web3"), "the socket goes away");
    for (const workbench of [lab.workbench, second]) {
      await workbench.terminals.input("echo stopped-$((40 + 2))\r");
      await workbench.terminals.waitForText("stopped-42");
    }
    assert.deepEqual([master.exitCode, lab.host.logins()], [null, logins]);
    await second.close();
  });
});
