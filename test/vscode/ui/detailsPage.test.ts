import assert from "node:assert/strict";
import { afterAll, beforeAll, describe, it } from "vitest";
import { waitUntil } from "../harness/waitUntil.ts";
import { screenshotFailures } from "./failureScreenshot.ts";
import { openTerminalLab, type TerminalLab } from "./terminalLab.ts";

/** The details page, in each kind of theme; the screenshots are `test-results/screenshots/details-*.png`. */
describe("the details page in the workbench", () => {
  let lab: TerminalLab;

  beforeAll(async () => {
    lab = await openTerminalLab({
      settings: {
        "sshSessions.keepalive.serverAliveInterval": 1,
        "terminal.integrated.defaultLocation": "view",
      },
    });
    await lab.open("ours", 0);
  });

  screenshotFailures(() => lab.workbench);

  afterAll(async () => {
    await lab?.close();
  });

  /** The text of the active page. */
  function frame() {
    return lab.workbench.page.frameLocator("iframe.webview.ready").frameLocator("iframe#active-frame");
  }

  it("draws round trip, throughput and windows, and the channel's timeline", async () => {
    const { workbench } = lab;
    await workbench.terminals.input("while sleep 0.3; do seq $((RANDOM % 9000)); done\r");
    await workbench.terminals.waitForText(/^\d+$/m);
    // A busy connection sends no keepalive requests on its own, and only those measure the round trip.
    for (const _ of [1, 2, 3]) {
      await workbench.runCommand("SSH Sessions: Refresh");
    }
    await workbench.runCommand("SSH Sessions: Show Session Details");
    const page = frame();
    await page.getByRole("heading", { name: "lab", exact: true }).waitFor();
    await page.locator("canvas").nth(2).waitFor();
    await workbench.runCommand("View: Toggle Panel Visibility");
    assert.match(
      await page.locator(".timeline").innerText(),
      /Channel opened[\s\S]*Request pty-req[\s\S]*accepted: xterm/,
    );
    assert.match(
      await page.locator(".plot .summary").first().innerText(),
      /^\d+ measurements: last [\d.]+ ms/,
    );
    await page.getByRole("cell", { name: "session", exact: true }).waitFor();
    assert.doesNotMatch(workbench.consoleText(), /Content Security Policy.*detailsView/);
  });

  it("is readable in light and high contrast themes", async () => {
    const { workbench } = lab;
    for (const [name, theme, bodyClass] of [
      ["dark", undefined, "vscode-dark"],
      ["light", "Light Modern", "vscode-light"],
      ["contrast", "Dark High Contrast", "vscode-high-contrast"],
    ] as const) {
      if (theme !== undefined) {
        await workbench.runCommand("Preferences: Color Theme");
        await workbench.quickInput.waitFor("Select Color Theme");
        await workbench.quickInput.fill(theme);
        await workbench.quickInput.pick(theme);
      }
      await frame().locator(`body.${bodyClass}`).waitFor();
      await frame().locator("canvas").nth(2).waitFor();
      await workbench.screenshot(`details-${name}`);
    }
  });

  it("can be used by keyboard, and copies and opens its content as text", async () => {
    const { workbench } = lab;
    const open = frame().getByRole("button", { name: "Open as Text" });
    await open.focus();
    await open.press("Enter");
    await waitUntil(
      async () =>
        (await workbench.page.locator(".editor-instance .view-lines").innerText()).includes("Channel"),
      () => "the text did not open",
    );
  });
});
