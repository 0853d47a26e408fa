import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { waitUntil } from "../vscode/harness/waitUntil.ts";
import { launchWorkbench } from "../vscode/harness/workbench.ts";
import type { DemoHosts } from "./demoHosts.ts";

/** Pictures of a window of its own, whose terminals the keeper holds. */
export async function takeKeeperPictures(
  hosts: DemoHosts,
  settings: Readonly<Record<string, unknown>>,
  screenshotFolder: string,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "ssh-sessions-d-"));
  const workbench = await launchWorkbench({
    env: { XDG_RUNTIME_DIR: folder },
    settings: { ...settings, "sshSessions.keeper": true, "terminal.integrated.hideOnStartup": "whenEmpty" },
    screenshotFolder,
  });
  const picture = async (name: string): Promise<void> => console.log(`  ${await workbench.screenshot(name)}`);
  const { terminals, page } = workbench;
  const live = workbench.tree("Live");
  const [web] = hosts.names;
  try {
    console.log("terminals after a reload: side by side, with their screens");
    await workbench.openSideBar("SSH Sessions");
    await workbench.tree("Hosts").inlineAction(web, "Open Terminal");
    await terminals.waitForText(`${web}:`);
    await terminals.type("uptime; echo I am the shell $$\n");
    await terminals.waitForText(/I am the shell \d+/);
    await terminals.press("Control+Shift+5");
    await live.waitForRow(`${web} (2)`);
    await terminals.waitForText(`${web}:`);
    await terminals.input("less /etc/services\r");
    await terminals.waitForText("Network services");
    await workbench.reload();
    await workbench.openSideBar("SSH Sessions");
    await live.waitForRow(`${web} (2)`);
    // Both panes are drawn.
    await terminals.waitForText("Network services");
    await page.locator("#terminal .terminal-wrapper.active").nth(1).waitFor();
    await picture("kept-terminals");

    console.log("the question with the line for every terminal, as a diff");
    await workbench.runCommand("SSH Sessions: Use Connections in Every Terminal…");
    await workbench.notifications.waitFor("Add this line to");
    await waitUntil(
      async () => (await page.locator(".monaco-diff-editor .line-insert").count()) > 0,
      () => "the diff shows no added line",
    );
    await picture("every-terminal");

    console.log("the keeper's row in the window of another folder");
    const other = new URL(page.url());
    other.searchParams.set("folder", hosts.host(web).home);
    await page.goto(other.href);
    await workbench.openSideBar("SSH Sessions");
    await workbench.runCommand("SSH Sessions: Show Keeper");
    await page.locator(".quick-input-list .monaco-list-row").nth(1).waitFor();
    await live.waitForRow("Keeper");
    await picture("keeper");
  } finally {
    await workbench.close();
    // A keeper whose socket has gone leaves.
    await rm(folder, { recursive: true, force: true, maxRetries: 10 });
  }
}
