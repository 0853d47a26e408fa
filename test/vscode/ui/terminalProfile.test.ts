import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import { type SshdHost, startSshd } from "../../lab/sshdHost.ts";
import { waitUntil } from "../harness/waitUntil.ts";
import { launchWorkbench, type Workbench } from "../harness/workbench.ts";
import { screenshotFailures } from "./failureScreenshot.ts";

describe("the terminal profile of one chosen host", () => {
  let folder: string;
  let host: SshdHost;
  let workbench: Workbench;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "ssh-sessions-ui-"));
    host = await startSshd();
    await writeFile(join(host.home, ".bash_profile"), "PS1='lab\\$ '\ncd\n");
    const configFile = join(folder, "ssh_config");
    await writeFile(configFile, host.sshConfigText("web1"));
    workbench = await launchWorkbench({
      settings: { "sshSessions.configFile": configFile, "sshSessions.profileHosts": ["web1"] },
    });
    await workbench.openSideBar("SSH Sessions");
    await workbench.tree("Hosts").waitForRow("web1");
    await workbench.runCommand("Terminal: Create New Terminal");
    await workbench.terminals.waitForText(/\S/);
  });

  screenshotFailures(() => workbench);

  afterAll(async () => {
    await workbench?.close();
    await host?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it("opens a terminal there without a question, and activates it", async () => {
    await workbench.openTerminalProfile("SSH…");
    await workbench.terminals.waitForText("lab#");
    await workbench.tree("Live").waitForRow("web1", (row) => row.level === 2);
  });

  it("splits the active terminal, with the same login", async () => {
    const { page } = workbench;
    await page.locator('.part.panel .action-label[aria-label^="Launch Profile"]').click();
    // By key: a menu ignores a button that is released just after it has drawn itself.
    await page.locator('.monaco-menu .action-label[aria-label="Split Terminal with Profile"]').hover();
    await page.locator('.monaco-submenu .action-label[aria-label="SSH…"]').hover();
    await page.locator(".monaco-submenu .action-item.focused", { hasText: "SSH…" }).waitFor();
    await page.keyboard.press("Enter");
    await workbench.tree("Live").waitForRow("web1 (2)");
    const names = await waitUntil(
      async () => {
        const all = await workbench.terminals.names();
        return all.length === 3 && all;
      },
      async () => `not three terminals, but: ${await workbench.terminals.names()}`,
    );
    assert.deepEqual(names.slice(1), ["┌  web1", "└  web1 (2)"]);
    assert.equal(host.logins(), 1);
  });
});
