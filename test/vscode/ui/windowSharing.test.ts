import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
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

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "ssh-sessions-ui-"));
    host = await startSshd();
    forwarded = await freePort();
    await writeFile(join(host.home, ".bash_profile"), "PS1='lab> '\ncd\n");
    const configFile = await host.writeSshConfig(folder, ["web1"]);
    const options = { settings: { "sshSessions.configFile": configFile }, env: { XDG_RUNTIME_DIR: folder } };
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
      .waitForRow(/^Window “.+” \(\d+\)$/, ({ description }) =>
        description.startsWith(`${terminals} sessions`),
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

  it("Kill asks before it ends the sessions of the other window", async () => {
    await owner.tree("Live").contextMenu("web1", "Kill");
    assert.match(await owner.dialogs.text(), /5 sessions of other windows end, too/);
    await owner.dialogs.press("Cancel");
    assert.equal(host.logins(), 1);
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
    assert.equal((await guest.terminals.names()).length, terminals);
    for (let index = 0; index < terminals; index++) {
      await guest.terminals.select("web1", index);
      await guest.terminals.input(`echo sum-$((40 + ${index}))\r`);
      await guest.terminals.waitForText(`sum-${40 + index}`);
    }
    assert.equal(host.logins(), 2);
  });
});
