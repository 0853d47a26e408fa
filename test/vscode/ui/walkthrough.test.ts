import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { describe, it } from "vitest";
import { waitUntil } from "../harness/waitUntil.ts";
import { useWorkbenchLab } from "./workbenchLab.ts";

const titles = [
  "Find your hosts",
  "Open a terminal",
  "Open a second one without a login",
  "See what is connected, and end it",
  "Keep connections and shells",
];

/** The first steps, as a user finds them in the empty view. */
describe("the walkthrough", () => {
  const lab = useWorkbenchLab({ sshConfig: () => "" });

  /** The titles of the steps that are ticked. */
  async function ticked(): Promise<readonly string[]> {
    const steps = lab.workbench.page.locator(".getting-started-step:has(.codicon.complete) .step-title");
    return (await steps.allInnerTexts()).map((text) => text.trim());
  }

  const waitForTicks = async (...wanted: readonly string[]): Promise<void> =>
    void (await waitUntil(
      async () => (await ticked()).join() === wanted.join(),
      async () => `not ${wanted.join()}, but ${(await ticked()).join()} are ticked`,
    ));

  it("is opened by the user from the empty view, and not automatically", async () => {
    const { page } = lab.workbench;
    const title = page.locator(".getting-started-category");
    assert.equal(await title.count(), 0);
    await lab.workbench.openSideBar("SSH Sessions");
    assert.equal(await title.count(), 0);
    await page.locator(".welcome-view a").filter({ hasText: "Get started" }).click();
    await title.first().waitFor();
    await page.getByText("Get Started with SSH Sessions").first().waitFor();
    const steps = page.locator(".getting-started-step .step-title");
    assert.deepEqual(
      (await steps.allInnerTexts()).map((text) => text.trim()),
      titles,
    );
    for (let step = 0; step < (await steps.count()); step++) {
      await steps.nth(step).click();
      const frame = page.frameLocator("iframe.webview.ready").frameLocator("iframe#active-frame");
      await frame.locator("svg").waitFor();
      await lab.workbench.screenshot(`walkthrough-${step}`);
    }
  });

  it("leads to a list that says what to do where there are no hosts, and ticks nothing for that", async () => {
    const { page, quickInput } = lab.workbench;
    await page.locator(".getting-started-step .step-title").nth(1).click();
    await page
      .locator(".getting-started-step a, .getting-started-step .monaco-button")
      .filter({ hasText: "Open Terminal" })
      .click();
    await quickInput.waitFor("No hosts yet. Type one here");
    assert.deepEqual(await quickInput.rows(), [
      "No hosts yet. Type one here, for example user@host or user@host:port.",
      "Open SSH Config File",
    ]);
    await lab.workbench.screenshot("no-hosts");
    await quickInput.fill("me@server");
    await waitUntil(
      async () => (await quickInput.rows()).join() === "Connect to me@server",
      async () => `rows: ${(await quickInput.rows()).join()}`,
    );
    await quickInput.cancel();
    assert.deepEqual(await ticked(), []);
  });

  it("ticks a step when it is done: a terminal is open, two share a connection, one is ended", async () => {
    const live = lab.workbench.tree("Live");
    await writeFile(lab.configFile, lab.host.sshConfigText("lab"));
    await lab.workbench.tree("Hosts").click("lab");
    await lab.workbench.terminals.waitForText("lab>");
    await waitForTicks(...titles.slice(0, 2));
    await live.inlineAction("lab", "Open Terminal");
    await live.waitForRow("lab (2)");
    await waitForTicks(...titles.slice(0, 3));
    await live.contextMenu("lab (2)", "Disconnect");
    await waitForTicks(...titles.slice(0, 4));
    await lab.workbench.screenshot("walkthrough-ticked");
  });
});
