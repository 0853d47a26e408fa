import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { waitUntil } from "../vscode/harness/waitUntil.ts";
import { launchWorkbench } from "../vscode/harness/workbench.ts";
import type { DemoHosts } from "./demoHosts.ts";

/** In the page: the text of each pane of the terminal in front. */
const paneTexts = `[...document.querySelectorAll("#terminal .terminal-wrapper.active")].map(({ xterm }) => {
  const { active } = xterm.buffer;
  return Array.from({ length: active.length }, (_, line) => active.getLine(line).translateToString(true)).join("\\n");
})`;

async function waitForPanes(page: Page, wanted: readonly string[]): Promise<void> {
  let texts: readonly string[] = [];
  await waitUntil(
    async () => {
      texts = await page.evaluate<readonly string[]>(paneTexts);
      return wanted.every((text, pane) => texts[pane]?.includes(text));
    },
    () => `the panes show ${JSON.stringify(texts)}`,
  );
}

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
    await terminals.input("less /etc/services\r");
    await terminals.waitForText("Network services");
    await terminals.press("Control+Shift+5");
    await live.waitForRow(`${web} (2)`);
    await waitForPanes(page, ["Network services", `${web}:`]);
    await page.keyboard.type("uptime; echo I am the shell $$\n");
    await waitForPanes(page, ["Network services", "I am the shell"]);
    await workbench.reload();
    await workbench.openSideBar("SSH Sessions");
    await live.waitForRow(`${web} (2)`);
    await waitForPanes(page, ["Network services", "I am the shell"]);
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
