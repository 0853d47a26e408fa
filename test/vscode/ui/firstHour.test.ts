import assert from "node:assert/strict";
import { afterAll, beforeAll, describe, it } from "vitest";
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
    (await lab.workbench.tree("Live").rows())
      .filter(({ level, label }) => level === 2 && label !== "On the server")
      .map(({ label }) => label);

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
    await workbench.dialogs.press("Disconnect, and Don't Ask Again");
    await live.waitForNoRow("envlab");
    await workbench.tree("Hosts").click("envlab");
    await live.waitForRow("envlab", ({ level }) => level === 2);
    await live.inlineAction("envlab", "Open Terminal");
    await live.waitForRow("envlab (2)");
    await live.inlineAction("envlab", "Disconnect");
    await live.waitForNoRow("envlab");
  });
});
