import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "vitest";
import { freePort } from "../../lab/freePort.ts";
import { waitUntil } from "../harness/waitUntil.ts";
import { useWorkbenchLab } from "./workbenchLab.ts";

describe("ssh in a terminal of the editor, with an open connection", () => {
  const lab = useWorkbenchLab({
    settings: { "sshSessions.sharing.programs": "ask" },
    window: async ({ folder }) => {
      const home = join(folder, "home");
      await mkdir(home);
      await writeFile(join(home, ".bashrc"), "PS1='local> '\n");
      return { env: { HOME: home, XDG_RUNTIME_DIR: folder, SHELL: "/bin/bash" } };
    },
  });

  /**
   * ssh reads its configuration from the home folder in the user database, so a terminal can't have another ssh_config.
   */
  const command = (): string => `ssh -F ${lab.configFile}`;

  const offer = "Let ssh, git, scp, sftp and rsync";

  it("asks once, then uses the connection without a login", async () => {
    await lab.workbench.runCommand("Terminal: Create New Terminal");
    await lab.workbench.terminals.waitForText("local>");
    await lab.workbench.tree("Hosts").click("web1");
    await lab.workbench.terminals.waitForText("lab>");
    await lab.workbench.notifications.waitFor(offer);
    await lab.workbench.screenshot("programs-offer");
    // Questions of logins do not wait for it.
    const unknown = `${lab.host.user}@localhost:${lab.host.port}`;
    await lab.workbench.runCommand("SSH Sessions: Open Terminal");
    await lab.workbench.quickInput.fill(unknown);
    await lab.workbench.quickInput.pick(`Connect to ${unknown}`);
    assert.match(await lab.workbench.dialogs.text(), /SHA256:/);
    await lab.workbench.page.keyboard.press("Escape");
    await lab.workbench.terminals.waitForText("you did not accept its host key");
    await lab.workbench.notifications.follow(offer, "Use the Connections");
    const logins = lab.host.logins();
    // A terminal that opens before VS Code has the variables is unchanged.
    await waitUntil(
      async () => {
        await lab.workbench.runCommand("Terminal: Create New Terminal");
        await lab.workbench.terminals.waitForText("local>");
        await lab.workbench.terminals.input("echo finds-$(ls $SSH_SESSIONS_HOSTS/web1,,,* | wc -w)-host\r");
        return /finds-1-host/.test(await lab.workbench.terminals.waitForText(/finds-\d-host/));
      },
      async () => `no new terminal finds the host: ${await lab.workbench.terminals.text()}`,
    );
    await lab.workbench.terminals.input(`${command()} web1 'echo over-$((40 + 2)); cat'\r`);
    await lab.workbench.terminals.waitForText("over-42");
    assert.equal(lab.host.logins(), logins);
  });

  it("shows the program below the connection, and ends it from its row", async () => {
    const live = lab.workbench.tree("Live");
    const row = await live.waitForRow(/^ssh \(\d+\)$/, ({ description }) =>
      description.startsWith("echo over-"),
    );
    assert.equal(row.level, 2, "below its connection");
    assert.match(await live.hoverText(row.label), /Another program that uses this connection/);
    await lab.workbench.screenshot("program-on-connection");
    await live.inlineAction(row.label, "End Program");
    await live.waitForNoRow(row.label);
    await lab.workbench.terminals.waitForText(/closed/);
  });

  it("Kill asks because of the programs on the connection, then its row goes and they end", async () => {
    const live = lab.workbench.tree("Live");
    const [local, remote] = [await freePort(), await freePort()];
    const forwards = `-N -L ${local}:127.0.0.1:22 -R ${remote}:127.0.0.1:80`;
    await lab.workbench.terminals.input(`${command()} ${forwards} web1; echo ended-$((40 + 2)) with $?\r`);
    await live.waitForRow(/^ssh \(\d+\)$/, ({ description }) => description.includes(String(remote)));
    await live.contextMenu("web1", "Kill");
    assert.match(
      await lab.workbench.dialogs.text(),
      /1 program on this computer loses its connection: ssh \(\d+\)\./,
    );
    assert.ok(
      (await live.rows()).some(({ label }) => label === "web1"),
      "nothing ends before the answer",
    );
    const button = (await lab.workbench.dialogs.buttons()).find((label) => label.startsWith("Kill"));
    await lab.workbench.dialogs.press(button ?? "");
    await live.waitForNoRow("web1");
    await lab.workbench.terminals.waitForText("ended-42 with 255");
    await lab.workbench.tree("Hosts").click("web1");
    await live.waitForRow("web1");
    await lab.workbench.runCommand("Terminal: Create New Terminal");
    await lab.workbench.terminals.waitForText("local>");
  });

  it("does not ask again, and a terminal without a connection uses its own ssh unchanged", async () => {
    const logins = lab.host.logins();
    await lab.workbench.tree("Live").contextMenu("web1", "Kill");
    await lab.workbench.tree("Live").waitForNoRow("web1");
    await lab.workbench.terminals.input(`${command()} web1 'echo direct-$((40 + 2))'\r`);
    await lab.workbench.terminals.waitForText("direct-42");
    assert.equal(lab.host.logins() - logins, 1);
    assert.deepEqual(await lab.workbench.notifications.texts(), []);
  });
});
