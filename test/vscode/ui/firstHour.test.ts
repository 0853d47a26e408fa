import assert from "node:assert/strict";
import { afterAll, beforeAll, describe, it } from "vitest";
import { withoutBranch } from "../harness/terminals.ts";
import { waitUntil } from "../harness/waitUntil.ts";
import { screenshotFailures } from "./failureScreenshot.ts";
import { openTerminalLab, type TerminalLab } from "./terminalLab.ts";

/** What a person meets who uses the extension for the first time. */
describe("the first hour", () => {
  let lab: TerminalLab;

  beforeAll(async () => {
    lab = await openTerminalLab({ aliases: ["envlab", "lab", "connector"] });
  });

  screenshotFailures(() => lab.workbench);

  afterAll(async () => {
    await lab?.close();
  });

  const sessions = async (): Promise<string[]> =>
    (await lab.workbench.tree("Live").rows()).filter(({ level }) => level === 2).map(({ label }) => label);

  it("a part of a name and Enter open the host that matches, and not the letters", async () => {
    const { workbench } = lab;
    await workbench.runCommand("SSH Sessions: Open Terminal");
    await workbench.quickInput.waitFor("envlab");
    for (const [typed, rows] of [
      ["envl", ["envlab", "Connect to envl"]],
      // The row that connects to what is typed begins with these letters as well.
      ["conn", ["connector", "Connect to conn"]],
      ["b@conn", ["Connect to b@conn"]],
      ["nvla", ["envlab", "Connect to nvla"]],
    ] as const) {
      await workbench.quickInput.fill(typed);
      await waitUntil(
        async () => JSON.stringify(await workbench.quickInput.rows()) === JSON.stringify(rows),
        async () => `not ${rows.join()}, but ${(await workbench.quickInput.rows()).join()}`,
      );
    }
    await workbench.quickInput.accept();
    await workbench.tree("Live").waitForRow("envlab", ({ level }) => level === 2);
  });

  it("a double click on a host opens one terminal", async () => {
    const { workbench } = lab;
    await workbench.tree("Hosts").doubleClick("envlab");
    await workbench.tree("Live").waitForRow("envlab (2)");
    await workbench.terminals.waitForText("lab>");
    // The second click has been answered by then: commands are carried out in order.
    await workbench.runCommand("SSH Sessions: Refresh");
    assert.deepEqual(await sessions(), ["envlab", "envlab (2)"]);
  });

  it("Disconnect asks where two sessions would end, until it should ask no more", async () => {
    const { workbench } = lab;
    const live = workbench.tree("Live");
    await live.inlineAction("envlab", "Disconnect");
    assert.match(await workbench.dialogs.text(), /Disconnect 2 sessions\?/);
    await workbench.dialogs.press("Cancel");
    assert.deepEqual(await sessions(), ["envlab", "envlab (2)"]);
    await live.inlineAction("envlab", "Disconnect");
    await workbench.dialogs.press("Disconnect, Don't Ask Again");
    await live.waitForNoRow("envlab");
    await workbench.tree("Hosts").click("envlab");
    await live.waitForRow("envlab", ({ level }) => level === 2);
    // Until the rows below have their places: a row that moves loses its inline buttons.
    await workbench.terminals.waitForText("lab>");
    await live.inlineAction("envlab", "Open Terminal");
    await live.waitForRow("envlab (2)");
    await workbench.terminals.waitForText("lab>");
    await live.inlineAction("envlab", "Disconnect");
    await live.waitForNoRow("envlab");
  });

  it("the key that splits a terminal splits it on its host; VS Code's own command opens a local one", async () => {
    const { workbench } = lab;
    const { terminals } = workbench;
    await workbench.tree("Hosts").click("lab");
    await terminals.waitForText("lab>");
    await terminals.press("Control+Shift+5");
    await workbench.tree("Live").waitForRow("lab (2)");
    await terminals.waitForText("lab>");
    assert.deepEqual(await sessions(), ["lab", "lab (2)"]);
    // Both are on the screen.
    assert.equal(await workbench.page.locator("#terminal .terminal-wrapper.active").count(), 2);
    await workbench.runCommand("Terminal: Split Terminal");
    await waitUntil(
      async () => (await terminals.names()).map(withoutBranch).includes("bash"),
      async () => `terminals: ${(await terminals.names()).join()}`,
    );
    await workbench.runCommand("Terminal: Kill the Active Terminal Instance");
    await waitUntil(
      async () => (await terminals.names()).length === 2,
      async () => `terminals: ${(await terminals.names()).join()}`,
    );
  });

  it("the menu of a tab acts on its terminal, not on the one in front", async () => {
    const { workbench } = lab;
    const live = workbench.tree("Live");
    await workbench.tree("Hosts").click("connector");
    await live.waitForRow("connector", ({ level }) => level === 2);
    await workbench.terminals.contextMenu("lab (2)", ["SSH Sessions", "Disconnect"]);
    await live.waitForNoRow("lab (2)");
    assert.deepEqual(await sessions(), ["lab", "connector"]);
    await workbench.terminals.contextMenu("lab", ["Duplicate Session"]);
    await live.waitForRow("lab (2)");
  });

  it("a name goes from VS Code's rename into the tree, and from the tree to the tab", async () => {
    const { workbench } = lab;
    const { quickInput, terminals } = workbench;
    const live = workbench.tree("Live");
    await workbench.runCommand("Terminal: Rename...");
    await quickInput.waitFor("Enter terminal name");
    await quickInput.fill("build log");
    await quickInput.accept();
    await live.waitForRow("build log");
    // The one behind it.
    await live.contextMenu("connector", "Rename Session…");
    await quickInput.waitFor("New title for the session");
    await quickInput.fill("two words");
    await quickInput.accept();
    await live.waitForRow("two words");
    await waitUntil(
      async () => (await terminals.names()).map(withoutBranch).includes("two words"),
      async () => `terminals: ${(await terminals.names()).join()}`,
    );
  });
});
