import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "vitest";
import { repositoryRoot } from "../../setup/repository.ts";
import { ensureVscodeServer } from "../../setup/vscodeServer.ts";
import { installExtension, packageExtension } from "../harness/packagedExtension.ts";
import { waitUntil } from "../harness/waitUntil.ts";
import { useWorkbenchLab } from "./workbenchLab.ts";

/** The most important functions in the oldest VS Code that package.json allows, on the Node of its extension host. */
describe("the oldest VS Code", () => {
  const lab = useWorkbenchLab({
    aliases: ["lab", "other"],
    // Under its smoke test driver this VS Code shows no dialog (dialogService.ts, skipDialogs).
    settings: { "sshSessions.confirmDisconnect": false },
    window: async ({ folder }) => {
      const file = join(folder, "ssh-sessions.vsix");
      await packageExtension(file);
      const { extensionsFolder } = await installExtension(file, folder, "oldest");
      return { age: "oldest", extensionsFolder };
    },
  });

  it("is the version in package.json", async () => {
    const { version } = await ensureVscodeServer("oldest");
    const manifest = await readFile(join(repositoryRoot, "package.json"), "utf8");
    assert.match(manifest, new RegExp(`"vscode": "\\^${version.replace(/\.\d+$/, "\\.0")}"`));
  });

  it("opens a terminal by a click, shares its connection, and lists the host in the pick", async () => {
    const { terminals, quickInput } = lab.workbench;
    const live = lab.workbench.tree("Live");
    await lab.workbench.tree("Hosts").click("lab");
    await terminals.waitForText("lab>");
    await terminals.type("echo first-$((40+2))\n");
    await terminals.waitForText("first-42");
    await lab.workbench.runCommand("SSH Sessions: Open Terminal");
    await quickInput.waitFor("lab");
    await quickInput.fill("la");
    await waitUntil(
      async () => (await quickInput.rows())[0] === "lab",
      async () => `rows: ${(await quickInput.rows()).join()}`,
    );
    await quickInput.accept();
    await live.waitForRow("lab (2)", ({ level }) => level === 2);
    assert.equal(lab.host.logins(), 1);
  });

  it("splits, runs a command, shows details and ends in order", async () => {
    const { terminals, quickInput, page } = lab.workbench;
    const live = lab.workbench.tree("Live");
    await terminals.waitForText("lab>");
    await terminals.press("Control+Shift+5");
    await live.waitForRow("lab (3)");
    await lab.workbench.tree("Hosts").contextMenu("lab", "Run Command on Host…");
    await quickInput.waitFor("Run by the login shell on the host");
    await quickInput.fill("echo ran-$((20+3))");
    await quickInput.accept();
    await quickInput.waitFor("Show the output in");
    await quickInput.pick("Editor");
    await page.locator(".view-line").filter({ hasText: "ran-23" }).first().waitFor();
    await lab.workbench.runCommand("View: Close All Editors");
    await live.contextMenu("lab", "Show Connection Details");
    await page
      .frameLocator("iframe.webview.ready")
      .frameLocator("iframe#active-frame")
      .locator("canvas")
      .first()
      .waitFor();
    await lab.workbench.screenshot("oldest-vscode");
    await live.inlineAction("lab", "Disconnect");
    await live.waitForNoRow("lab");
  });
});
