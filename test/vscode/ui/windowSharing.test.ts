import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import { type SshdHost, startSshd } from "../../lab/sshdHost.ts";
import { launchWorkbench, type Workbench } from "../harness/workbench.ts";
import { screenshotFailures } from "./failureScreenshot.ts";

describe("two windows on one connection", () => {
  let folder: string;
  let host: SshdHost;
  let owner: Workbench;
  let guest: Workbench;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "ssh-sessions-ui-"));
    host = await startSshd();
    await writeFile(join(host.home, ".bash_profile"), "PS1='lab> '\ncd\n");
    const configFile = await host.writeSshConfig(folder, ["web1"]);
    const options = { settings: { "sshSessions.configFile": configFile }, env: { XDG_RUNTIME_DIR: folder } };
    [owner, guest] = await Promise.all([launchWorkbench(options), launchWorkbench(options)]);
    for (const workbench of [owner, guest]) {
      await workbench.openSideBar("SSH Sessions");
    }
  });

  screenshotFailures(() => guest);

  afterAll(async () => {
    await Promise.all([owner?.close(), guest?.close()]);
    await host?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it("the second one opens terminals without a login, and both show it", async () => {
    await owner.tree("Hosts").click("web1");
    await owner.terminals.waitForText("lab>");
    await guest.tree("Hosts").click("web1");
    await guest.terminals.waitForText("lab>");
    assert.equal(host.logins(), 1);
    await guest
      .tree("Live")
      .waitForRow("web1", ({ description }) => description.includes("shared, held by another window"));
    const row = await owner
      .tree("Live")
      .waitForRow(/^Window “.+” \(\d+\)$/, ({ description }) => description.startsWith("1 session"));
    assert.equal(row.level, 2, "below its connection");
    await owner.screenshot("window-holds-connection");
    await guest.screenshot("window-uses-connection");
  });

  it("Kill asks before it ends the sessions of the other window", async () => {
    await owner.tree("Live").contextMenu("web1", "Kill");
    assert.match(await owner.dialogs.text(), /1 session of another window ends, too/);
    await owner.dialogs.press("Cancel");
    assert.equal(host.logins(), 1);
  });

  it("the first one closes: the terminal of the second reconnects in its tab by one login", async () => {
    const sessions = host.sessions();
    await owner.close();
    await host.waitForSessions(sessions + 1);
    await guest
      .tree("Live")
      .waitForRow("web1", ({ description }) => /\d ms/.test(description) && !/shared/.test(description));
    await guest.terminals.input("echo sum-$((40 + 2))\r");
    await guest.terminals.waitForText("sum-42");
    assert.equal(host.logins(), 2);
  });
});
