import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import { type SshdHost, startSshd } from "../../lab/sshdHost.ts";
import { repositoryRoot } from "../../setup/repository.ts";
import { ensureVscodeServer } from "../../setup/vscodeServer.ts";
import { installExtension, packageExtension } from "../harness/packagedExtension.ts";
import { waitUntil } from "../harness/waitUntil.ts";
import { launchWorkbench, type Workbench } from "../harness/workbench.ts";
import { screenshotFailures } from "./failureScreenshot.ts";

/** The most important functions in the oldest VS Code that package.json allows, on the Node of its extension host. */
describe("the oldest VS Code", () => {
  let folder: string;
  let host: SshdHost;
  let workbench: Workbench;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "ssh-sessions-ui-"));
    host = await startSshd();
    await writeFile(join(host.home, ".bash_profile"), "PS1='shell> '\ncd\n");
    const configFile = await host.writeSshConfig(folder, ["lab", "other"]);
    const file = join(folder, "ssh-sessions.vsix");
    await packageExtension(file);
    const { extensionsFolder } = await installExtension(file, folder, "oldest");
    workbench = await launchWorkbench({
      age: "oldest",
      extensionsFolder,
      // Under its smoke test driver this VS Code shows no dialog (dialogService.ts, skipDialogs).
      settings: { "sshSessions.configFile": configFile, "sshSessions.confirmDisconnect": false },
    });
    await workbench.openSideBar("SSH Sessions");
  });

  screenshotFailures(() => workbench);

  afterAll(async () => {
    await workbench?.close();
    await host?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it("is the version in package.json", async () => {
    const { version } = await ensureVscodeServer("oldest");
    const manifest = await readFile(join(repositoryRoot, "package.json"), "utf8");
    assert.match(manifest, new RegExp(`"vscode": "\\^${version.replace(/\.\d+$/, "\\.0")}"`));
  });

  it("opens a terminal by a click, shares its connection, and lists the host in the pick", async () => {
    const { terminals, quickInput } = workbench;
    const live = workbench.tree("Live");
    await workbench.tree("Hosts").click("lab");
    await terminals.waitForText("shell>");
    await terminals.type("echo first-$((40+2))\n");
    await terminals.waitForText("first-42");
    await workbench.runCommand("SSH Sessions: Open Terminal");
    await quickInput.waitFor("lab");
    await quickInput.fill("la");
    await waitUntil(
      async () => (await quickInput.rows())[0] === "lab",
      async () => `rows: ${(await quickInput.rows()).join()}`,
    );
    await quickInput.accept();
    await live.waitForRow("lab (2)", ({ level }) => level === 2);
    assert.equal(host.logins(), 1);
  });

  it("splits, runs a command, shows details and ends in order", async () => {
    const { terminals, quickInput, page } = workbench;
    const live = workbench.tree("Live");
    await terminals.waitForText("shell>");
    await terminals.press("Control+Shift+5");
    await live.waitForRow("lab (3)");
    await workbench.tree("Hosts").contextMenu("lab", "Run Command on Host…");
    await quickInput.waitFor("Run by the login shell on the host");
    await quickInput.fill("echo ran-$((20+3))");
    await quickInput.accept();
    await quickInput.waitFor("Show the output in");
    await quickInput.pick("Editor");
    await page.locator(".view-line").filter({ hasText: "ran-23" }).first().waitFor();
    await workbench.runCommand("View: Close All Editors");
    await live.contextMenu("lab", "Show Connection Details");
    await page
      .frameLocator("iframe.webview.ready")
      .frameLocator("iframe#active-frame")
      .locator("canvas")
      .first()
      .waitFor();
    await workbench.screenshot("oldest-vscode");
    await live.inlineAction("lab", "Disconnect");
    await live.waitForNoRow("lab");
  });
});
