import assert from "node:assert/strict";
import { beforeAll, describe, it } from "vitest";
import { waitUntil } from "../harness/waitUntil.ts";
import { useWorkbenchLab } from "./workbenchLab.ts";

describe("the terminal profile of one chosen host", () => {
  const lab = useWorkbenchLab({ settings: { "sshSessions.profileHosts": ["web1"] } });

  beforeAll(async () => {
    const { workbench } = lab;
    await workbench.tree("Hosts").waitForRow("web1");
    await workbench.runCommand("Terminal: Create New Terminal");
    await workbench.terminals.waitForText(/\S/);
  });

  it("opens a terminal there without a question, and activates it", async () => {
    await lab.workbench.openTerminalProfile("SSH…");
    await lab.workbench.terminals.waitForText("lab>");
    await lab.workbench.tree("Live").waitForRow("web1", (row) => row.level === 2);
  });

  it("splits the active terminal, with the same login", async () => {
    const { page } = lab.workbench;
    await page.locator('.part.panel .action-label[aria-label^="Launch Profile"]').click();
    // By key: a menu ignores a button that is released just after it has drawn itself.
    await page.locator('.monaco-menu .action-label[aria-label="Split Terminal with Profile"]').hover();
    await page.locator('.monaco-submenu .action-label[aria-label="SSH…"]').hover();
    await page.locator(".monaco-submenu .action-item.focused", { hasText: "SSH…" }).waitFor();
    await page.keyboard.press("Enter");
    await lab.workbench.tree("Live").waitForRow("web1 (2)");
    const names = await waitUntil(
      async () => {
        const all = await lab.workbench.terminals.names();
        return all.length === 3 && all;
      },
      async () => `not three terminals, but: ${await lab.workbench.terminals.names()}`,
    );
    assert.deepEqual(names.slice(1), ["┌  web1", "└  web1 (2)"]);
    assert.equal(lab.host.logins(), 1);
  });
});
