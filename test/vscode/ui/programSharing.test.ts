import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import { type SshdHost, startSshd } from "../../lab/sshdHost.ts";
import { waitUntil } from "../harness/waitUntil.ts";
import { launchWorkbench, type Workbench } from "../harness/workbench.ts";
import { screenshotFailures } from "./failureScreenshot.ts";

describe("ssh in a terminal of the editor, with an open connection", () => {
  let folder: string;
  let host: SshdHost;
  let workbench: Workbench;
  let command: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "ssh-sessions-ui-"));
    const home = join(folder, "home");
    await mkdir(home);
    await writeFile(join(home, ".bashrc"), "PS1='local> '\n");
    host = await startSshd();
    await writeFile(join(host.home, ".bash_profile"), "PS1='lab> '\ncd\n");
    const configFile = await host.writeSshConfig(folder, ["web1"]);
    // ssh reads its configuration from the home folder in the user database, so a terminal can't have another
    // ssh_config.
    command = `ssh -F ${configFile}`;
    workbench = await launchWorkbench({
      settings: { "sshSessions.configFile": configFile, "sshSessions.sharing.programs": "ask" },
      env: { HOME: home, XDG_RUNTIME_DIR: folder, SHELL: "/bin/bash" },
    });
    await workbench.openSideBar("SSH Sessions");
  });

  screenshotFailures(() => workbench);

  afterAll(async () => {
    await workbench?.close();
    await host?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it("asks once, then uses the connection without a login", async () => {
    await workbench.runCommand("Terminal: Create New Terminal");
    await workbench.terminals.waitForText("local>");
    await workbench.tree("Hosts").click("web1");
    await workbench.terminals.waitForText("lab>");
    await workbench.notifications.press("Let ssh, git, scp, sftp and rsync", "Use the Connections");
    const logins = host.logins();
    // A terminal that opens before VS Code has the variables is unchanged.
    await waitUntil(
      async () => {
        await workbench.runCommand("Terminal: Create New Terminal");
        await workbench.terminals.waitForText("local>");
        await workbench.terminals.input("echo finds-$(ls $SSH_SESSIONS_HOSTS/web1,,,* | wc -w)-host\r");
        return /finds-1-host/.test(await workbench.terminals.waitForText(/finds-\d-host/));
      },
      async () => `no new terminal finds the host: ${await workbench.terminals.text()}`,
    );
    await workbench.terminals.input(`${command} web1 'echo over-$((40 + 2)); cat'\r`);
    await workbench.terminals.waitForText("over-42");
    assert.equal(host.logins(), logins);
  });

  it("shows the program below the connection, and ends it from its row", async () => {
    const live = workbench.tree("Live");
    const row = await live.waitForRow(/^ssh \(\d+\)$/, ({ description }) =>
      description.startsWith("echo over-"),
    );
    assert.equal(row.level, 2, "below its connection");
    assert.match(await live.hoverText(row.label), /Another program that uses this connection/);
    await workbench.screenshot("program-on-connection");
    await live.inlineAction(row.label, "End Program");
    await live.waitForNoRow(row.label);
    await workbench.terminals.waitForText(/closed/);
  });

  it("does not ask again, and a terminal without a connection uses its own ssh unchanged", async () => {
    const logins = host.logins();
    await workbench.tree("Live").contextMenu("web1", "Kill");
    await workbench.tree("Live").waitForNoRow("web1");
    await workbench.terminals.input(`${command} web1 'echo direct-$((40 + 2))'\r`);
    await workbench.terminals.waitForText("direct-42");
    assert.equal(host.logins() - logins, 1);
    assert.deepEqual(await workbench.notifications.texts(), []);
  });
});
