import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import { type SshdHost, startSshd } from "../../lab/sshdHost.ts";
import { launchWorkbench, type Workbench } from "../harness/workbench.ts";
import { screenshotFailures } from "./failureScreenshot.ts";

describe("a host with options in ssh_config that are not honoured", () => {
  let folder: string;
  let host: SshdHost;
  let workbench: Workbench;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "ssh-sessions-ui-"));
    host = await startSshd();
    const configFile = join(folder, "ssh_config");
    await writeFile(configFile, host.sshConfigText("noticed", ["BindInterface lo", "IPQoS throughput"]));
    workbench = await launchWorkbench({ settings: { "sshSessions.configFile": configFile } });
    await workbench.openSideBar("SSH Sessions");
    await workbench.tree("Hosts").waitForRow("noticed");
  });

  screenshotFailures(() => workbench);

  afterAll(async () => {
    await workbench?.close();
    await host?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it("shows a notice once, in the first terminal, and no message", async () => {
    const { terminals, notifications } = workbench;
    await workbench.tree("Hosts").click("noticed");
    const told = await terminals.waitForText(
      /Run Explain Host for the reasons and alternatives\.[\s\S]*[$#]/,
    );
    assert.match(
      told.replaceAll("\n", ""),
      /Not honoured from your ssh_config: BindInterface, IPQoS\. Run Explain Host/,
    );
    await host.waitForSessions(1);
    await workbench.tree("Hosts").click("noticed");
    await host.waitForSessions(2);
    const second = await terminals.waitForText(/[$#]/);
    assert.doesNotMatch(second, /Not honoured/);
    assert.deepEqual(await notifications.texts(), []);
  });
});
