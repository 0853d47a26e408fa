import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import { type SshdHost, startSshd } from "../../lab/sshdHost.ts";
import { plantedThatRan } from "../../support/plantedModules.ts";
import { extensionUnderTest, plantedLog } from "../harness/packagedExtension.ts";
import { waitUntil } from "../harness/waitUntil.ts";
import { launchWorkbench, type Workbench } from "../harness/workbench.ts";
import { screenshotFailures } from "./failureScreenshot.ts";

/** The extension as a user installs it, in a window that has just been opened. */
describe("the installed .vsix", () => {
  let folder: string;
  let hosts: readonly SshdHost[] = [];
  let workbench: Workbench;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "ssh-sessions-ui-"));
    hosts = [await startSshd(), await startSshd()];
    for (const { home } of hosts) {
      await writeFile(join(home, ".bash_profile"), "PS1='shell> '\n");
    }
    const configFile = join(folder, "ssh_config");
    // No host is configured. `ssh -G` finds keys and known_hosts in the login's home folder, whatever HOME is: these
    // lines name those of the lab instead.
    await writeFile(
      configFile,
      [
        `UserKnownHostsFile ${join(folder, "known_hosts")}`,
        ...hosts.map(({ keyFile }) => `IdentityFile ${keyFile}`),
      ].join("\n"),
    );
    workbench = await launchWorkbench({
      extensionsFolder: dirname(process.env[extensionUnderTest] ?? ""),
      settings: { "sshSessions.configFile": configFile },
    });
  });

  screenshotFailures(() => workbench);

  afterAll(async () => {
    await workbench?.close();
    await Promise.all(hosts.map((host) => host.stop()));
    await rm(folder, { recursive: true, force: true });
  });

  it("opens nothing automatically", async () => {
    const { page } = workbench;
    await page.locator('.activitybar .action-label[aria-label^="SSH Sessions"]').waitFor();
    assert.equal(await page.locator(".editor-group-container .tab").count(), 0);
  });

  const typed = (index: number): string => `${hosts[index]?.user}@127.0.0.1:${hosts[index]?.port}`;

  it("opens a shell on a host that was never known with three clicks, its name and Enter", async () => {
    const { page, quickInput } = workbench;
    let clicks = 0;
    await page.exposeFunction("countClick", () => clicks++);
    await page.evaluate("window.addEventListener('click', () => window.countClick(), true)");
    await workbench.openSideBar("SSH Sessions");
    await page.locator(".welcome-view .monaco-button").filter({ hasText: "Open Terminal" }).first().click();
    await quickInput.waitFor("Type one here");
    await page.keyboard.type(typed(0));
    await waitUntil(
      async () => (await quickInput.selectedRow()) === `Connect to ${typed(0)}`,
      async () => `rows: ${(await quickInput.rows()).join()}`,
    );
    await page.keyboard.press("Enter");
    assert.match(await workbench.dialogs.text(), /127\.0\.0\.1/);
    await workbench.dialogs.press("Connect and Save");
    await workbench.terminals.waitForText("shell>");
    assert.equal(clicks, 3);
  });

  it("opens a shell on a host that was never known with at most eight keys besides the typed text", async () => {
    const { page, quickInput, dialogs, terminals } = workbench;
    let keys = 0;
    const press = async (key: string): Promise<void> => {
      keys++;
      await page.keyboard.press(key);
    };
    await press("F1");
    await quickInput.waitFor("Type the name of a command to run.");
    await page.keyboard.type("SSH Sessions: Open Terminal");
    await waitUntil(
      async () => (await quickInput.rows())[0] === "SSH Sessions: Open Terminal",
      async () => `rows: ${(await quickInput.rows()).join()}`,
    );
    await press("Enter");
    await quickInput.waitFor("Choose a host");
    await page.keyboard.type(typed(1));
    await waitUntil(
      async () => (await quickInput.selectedRow()) === `Connect to ${typed(1)}`,
      async () => `rows: ${(await quickInput.rows()).join()}`,
    );
    await press("Enter");
    assert.match(await dialogs.text(), /127\.0\.0\.1/);
    // Enter compares: it does not trust a key that the user has not looked at.
    assert.equal(await dialogs.focusedButton(), "Compare Fingerprint…");
    while ((await dialogs.focusedButton()) !== "Connect and Save") {
      await press("Tab");
    }
    await press("Enter");
    await terminals.waitForText("shell>");
    await page.keyboard.type("echo typed-$((40+2))\n");
    await terminals.waitForText("typed-42");
    assert.ok(keys <= 8, `${keys} keys`);
  });

  it("has run no module beside its files or in the folders above", () => {
    assert.deepEqual(plantedThatRan(process.env[plantedLog] ?? ""), []);
  });

  it("has an extension page with icon, README and changelog, without broken links", async () => {
    const { page } = workbench;
    await workbench.runCommand("Extensions: Show Installed Extensions");
    await page
      .locator(".extensions-list .monaco-list-row")
      .filter({ hasText: "SSH Sessions" })
      .first()
      .click();
    const editor = page.locator(".extension-editor");
    await editor.locator(".name").filter({ hasText: "SSH Sessions" }).waitFor();
    const icon = editor.locator("img.icon, .icon-container img").first();
    await waitUntil(
      async () =>
        (await icon.evaluate((image) => (image as unknown as { naturalWidth: number }).naturalWidth)) === 256,
      () => "the icon is not drawn",
    );
    const text = page.frameLocator("iframe.webview.ready").frameLocator("iframe#active-frame");
    await text.getByText("One SSH connection per host, shared by every terminal.").waitFor();
    const links = await text
      .locator("a[href]")
      .evaluateAll((all) =>
        all.map((each) => (each as unknown as { getAttribute(name: string): string }).getAttribute("href")),
      );
    assert.ok(links.some((link) => link.startsWith("https://")));
    assert.deepEqual(
      links.filter((link) => !/^(?:https:|mailto:|#)/.test(link)),
      [],
    );
    const broken = await text
      .locator("img")
      .evaluateAll(
        (all) => all.filter((each) => !(each as unknown as { naturalWidth: number }).naturalWidth).length,
      );
    assert.equal(broken, 0);
    await workbench.screenshot("extension-page");
    await editor
      .locator(".navbar .action-label")
      .filter({ hasText: /^Changelog$/i })
      .click();
    await page
      .frameLocator("iframe.webview.ready")
      .frameLocator("iframe#active-frame")
      .getByText("All notable changes to this extension are listed here.")
      .waitFor();
  });
});
