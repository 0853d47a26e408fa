import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import { freePort } from "../../lab/freePort.ts";
import { type SshdHost, startSshd } from "../../lab/sshdHost.ts";
import { launchWorkbench, type Workbench } from "../harness/workbench.ts";
import { screenshotFailures } from "./failureScreenshot.ts";

/** Terminals of each window. */
const terminals = 5;

describe("two windows on one connection", () => {
  let folder: string;
  let host: SshdHost;
  let owner: Workbench;
  let guest: Workbench;
  let forwarded: number;
  /** Where a program listens. */
  let programs: number;
  let configFile: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "ssh-sessions-ui-"));
    host = await startSshd();
    [forwarded, programs] = [await freePort(), await freePort()];
    await writeFile(join(host.home, ".bash_profile"), "PS1='lab> '\ncd\n");
    configFile = await host.writeSshConfig(folder, ["web1"]);
    const home = join(folder, "home");
    await mkdir(home);
    await writeFile(join(home, ".bashrc"), "PS1='local> '\n");
    const options = {
      settings: { "sshSessions.configFile": configFile, "sshSessions.sharing.programs": "on" },
      env: { HOME: home, XDG_RUNTIME_DIR: folder, SHELL: "/bin/bash" },
    };
    [owner, guest] = await Promise.all([launchWorkbench(options), launchWorkbench(options)]);
    for (const workbench of [owner, guest]) {
      await workbench.openSideBar("SSH Sessions");
    }
  });

  screenshotFailures(() => guest);

  /** The first line of the server behind the forward. */
  async function greeting(): Promise<string> {
    const socket = connect({ port: forwarded, host: "127.0.0.1" });
    const [data] = await once(socket, "data");
    socket.destroy();
    return String(data);
  }

  afterAll(async () => {
    await Promise.all([owner?.close(), guest?.close()]);
    await host?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  async function openTerminals(workbench: Workbench): Promise<void> {
    for (let count = 1; count <= terminals; count++) {
      await workbench.tree("Hosts").inlineAction("web1", "Open Terminal");
      await workbench
        .tree("Live")
        .waitForRow("web1", ({ ariaLabel }) => new RegExp(`, ${count} sessions?,`).test(ariaLabel));
    }
    await workbench.terminals.waitForText("lab>");
  }

  it("the second one opens terminals without a login, and both show it", async () => {
    await openTerminals(owner);
    await openTerminals(guest);
    assert.equal(host.logins(), 1);
    await guest
      .tree("Live")
      .waitForRow("web1", ({ description }) => description.includes("shared, held by another window"));
    const row = await owner
      .tree("Live")
      .waitForRow(/^Window “.+”$/, ({ description }) =>
        new RegExp(`^${terminals} sessions .*process \\d+$`).test(description),
      );
    assert.equal(row.level, 2, "below its connection");
    await owner.screenshot("window-holds-connection");
    await guest.screenshot("window-uses-connection");
  });

  it("the same forward of both is made by one of them, and both say so", async () => {
    const label = `${forwarded} → 127.0.0.1:${host.port}`;
    const states = [/^listening/, /^forwarded by another window \(\d+\)$/] as const;
    for (const [index, workbench] of [owner, guest].entries()) {
      await workbench.tree("Live").contextMenu("web1", "Forward Port…");
      await workbench.quickInput.waitFor("-R ");
      await workbench.quickInput.fill(label.replace(" → ", ":"));
      await workbench.quickInput.waitFor("Listens here");
      await workbench.quickInput.accept();
      await workbench
        .tree("Live")
        .waitForRow(label, ({ description }) => states[index]?.test(description) === true);
    }
    assert.match(await greeting(), /^SSH-2\.0-/);
    await guest.screenshot("window-forwards-for-another");
  });

  it("both list a program that was started in the second one, with what it does", async () => {
    await guest.runCommand("Terminal: Create New Terminal");
    await guest.terminals.waitForText("local>");
    await guest.terminals.input(`ssh -F ${configFile} -N -L ${programs}:127.0.0.1:${host.port} web1\r`);
    for (const workbench of [owner, guest]) {
      const row = await workbench
        .tree("Live")
        .waitForRow(/^ssh \(\d+\)$/, ({ description }) =>
          description.startsWith(`${programs} → 127.0.0.1:${host.port}, nobody connected`),
        );
      assert.equal(row.level, 2, "below its connection");
    }
    await owner.screenshot("program-of-other-window");
    await guest.screenshot("program-on-borrowed-connection");
    assert.equal(host.logins(), 1);
  });

  it("Kill says in the first one what the others lose, and in the second one what stays", async () => {
    await owner.tree("Live").contextMenu("web1", "Kill");
    const ends = await owner.dialogs.text();
    assert.match(ends, /^Kill the connection to web1 with its 5 sessions and 1 program at once\?/);
    assert.match(ends, /1 program on this computer loses its connection: ssh \(\d+\)\./);
    assert.match(ends, /5 sessions of another window end, too/);
    await owner.screenshot("kill-what-others-use");
    await owner.dialogs.press("Cancel");
    await guest.tree("Live").contextMenu("web1", "Kill");
    const leaves = await guest.dialogs.text();
    assert.match(leaves, /^Kill 5 sessions on web1 at once\?/);
    assert.match(leaves, /The connection stays with the window “.+” \(process \d+\)\./);
    assert.match(leaves, /1 program on this computer keeps its connection: ssh \(\d+\)\./);
    await guest.screenshot("kill-what-another-window-holds");
    await guest.dialogs.press("Cancel");
    assert.equal(host.logins(), 1);
  });

  it("the second one ends the program by its row", async () => {
    const { label } = await guest.tree("Live").waitForRow(/^ssh \(\d+\)$/);
    await guest.tree("Live").inlineAction(label, "End Program");
    for (const workbench of [guest, owner]) {
      await workbench.tree("Live").waitForNoRow(label);
    }
  });

  it("the first one closes: the terminals of the second reconnect in their tabs by one login", async () => {
    await owner.close();
    await guest
      .tree("Live")
      .waitForRow("web1", ({ description }) => /\d ms/.test(description) && !/shared/.test(description));
    // It takes over the forward, too.
    await guest
      .tree("Live")
      .waitForRow(new RegExp(`^${forwarded} → `), ({ description }) => /^listening/.test(description));
    assert.match(await greeting(), /^SSH-2\.0-/);
    assert.equal((await guest.terminals.names()).filter((name) => name.startsWith("web1")).length, terminals);
    for (let index = 0; index < terminals; index++) {
      await guest.terminals.select("web1", index);
      await guest.terminals.input(`echo sum-$((40 + ${index}))\r`);
      await guest.terminals.waitForText(`sum-${40 + index}`);
    }
    assert.equal(host.logins(), 2);
  });
});
