import assert from "node:assert/strict";
import { afterAll, beforeAll, describe, it } from "vitest";
import { launchWorkbench, type Workbench } from "../harness/workbench.ts";
import { screenshotFailures } from "./failureScreenshot.ts";

/** The first steps, as a user finds them in the empty view. */
describe("the walkthrough", () => {
  let workbench: Workbench;

  beforeAll(async () => {
    workbench = await launchWorkbench();
  });

  screenshotFailures(() => workbench);

  afterAll(async () => {
    await workbench?.close();
  });

  it("is opened by the user from the empty view, and not automatically", async () => {
    const { page } = workbench;
    const title = page.locator(".getting-started-category");
    assert.equal(await title.count(), 0);
    await workbench.openSideBar("SSH Sessions");
    assert.equal(await title.count(), 0);
    await page.locator(".welcome-view a").filter({ hasText: "Get started" }).click();
    await title.first().waitFor();
    await page.getByText("Get Started with SSH Sessions").first().waitFor();
    const steps = page.locator(".getting-started-step .step-title");
    assert.deepEqual(
      (await steps.allInnerTexts()).map((text) => text.trim()),
      [
        "Find your hosts",
        "Open a terminal",
        "Open a second one without a login",
        "See what is connected, and end it",
        "Keep connections and shells",
      ],
    );
    for (let step = 0; step < (await steps.count()); step++) {
      await steps.nth(step).click();
      const frame = page.frameLocator("iframe.webview.ready").frameLocator("iframe#active-frame");
      await frame.locator("svg").waitFor();
      await workbench.screenshot(`walkthrough-${step}`);
    }
  });
});
