import assert from "node:assert/strict";
import { beforeAll, describe, it } from "vitest";
import type { TreeRow } from "../harness/treeView.ts";
import { waitUntil } from "../harness/waitUntil.ts";
import { useWorkbenchLab } from "./workbenchLab.ts";

const isMaster = (row: TreeRow): boolean => row.level === 1;
const isReady = (row: TreeRow): boolean => isMaster(row) && /^\S+@127\.0\.0\.1/.test(row.description);
const isOpen = (row: TreeRow): boolean => row.level === 2 && row.description === "";
/** @returns the row's countdown in seconds; NaN without one */
const secondsLeft = ({ description }: TreeRow): number =>
  Number(/^reconnecting in (\d+) s · /.exec(description)?.[1]);

describe("a lost connection in the Live view", () => {
  const lab = useWorkbenchLab({
    settings: {
      "sshSessions.keepalive.serverAliveInterval": 1,
      "sshSessions.keepalive.serverAliveCountMax": 1000,
    },
  });

  beforeAll(async () => {
    const { workbench } = lab;
    await workbench.tree("Hosts").click("web1");
    await workbench.terminals.waitForText("lab>");
    await workbench.tree("Hosts").inlineAction("web1", "Open Terminal");
    await workbench.tree("Live").waitForRow("web1 (2)");
    await workbench.terminals.waitForText("lab>");
  });

  /** Waits for moments in the timeline of the details page. */
  async function detailsShow(moments: RegExp): Promise<void> {
    const page = lab.workbench.page.frameLocator("iframe.webview.ready").frameLocator("iframe#active-frame");
    const timeline = (): Promise<string> => page.locator(".timeline").innerText();
    await waitUntil(async () => moments.test(await timeline()), timeline);
  }

  it("offers nothing to reconnect while it is up", async () => {
    const live = lab.workbench.tree("Live");
    await live.waitForRow("web1", isReady);
    assert.ok(!(await live.inlineActions("web1")).some((name) => name.startsWith("Reconnect")));
  });

  it("counts down to the next attempt in the row, its screen reader label and the status bar", async () => {
    await lab.host.down();
    const live = lab.workbench.tree("Live");
    const before = await live.waitForRow("web1", (row) => isMaster(row) && secondsLeft(row) > 6);
    assert.match(before.ariaLabel, /^web1, reconnecting in \d+ s, 2 terminals wait/);
    await live.waitForRow("web1", (row) => isMaster(row) && secondsLeft(row) < secondsLeft(before));
    await lab.workbench.statusBarItem("reconnecting").waitFor();
    const below = (await live.rows()).filter(({ level }) => level === 2);
    assert.deepEqual(
      below.filter(({ description }) => description === "waits").map(({ label }) => label),
      ["web1", "web1 (2)"],
    );
  });

  it("shows in the hover why the last attempt failed", async () => {
    const hover = await lab.workbench.tree("Live").hoverText("web1");
    assert.match(hover, /Last attempt[\s\S]*refused/);
  });

  it("has details that can be opened while it waits", async () => {
    await lab.workbench.tree("Live").contextMenu("web1", "Show Connection Details");
    await detailsShow(/State: reconnecting/);
    await lab.workbench.screenshot("reconnecting");
  });

  it("reconnects on request with all its terminals and one login", async () => {
    const live = lab.workbench.tree("Live");
    // Ten seconds are the longest wait, and the attempt after it must not be the one that succeeds.
    await live.waitForRow("web1", (row) => isMaster(row) && secondsLeft(row) > 7);
    const logins = lab.host.logins();
    await lab.host.up();
    await live.inlineAction("web1", "Reconnect Now");
    await live.waitForRow("web1", isReady);
    await lab.workbench.terminals.waitForText(/reconnected after \d+ s/);
    await live.waitForRow("web1 (2)", isOpen);
    assert.equal(lab.host.logins(), logins + 1);
  });

  it("its details follow it to the next connection, and are the same tab if they are opened again", async () => {
    await detailsShow(/Connected[\s\S]*State: reconnecting[\s\S]*Connected/);
    const tabs = (): Promise<number> =>
      lab.workbench.page.locator(".part.editor .tabs-container .tab").count();
    assert.equal(await tabs(), 1);
    await lab.workbench.tree("Live").contextMenu("web1", "Show Connection Details");
    await detailsShow(/State: reconnecting[\s\S]*Connected/);
    assert.equal(await tabs(), 1);
    await lab.workbench.runCommand("View: Close All Editors");
  });

  it("is given up for a new one at the user's request if it does not respond", async () => {
    const live = lab.workbench.tree("Live");
    const logins = lab.host.logins();
    lab.host.freeze();
    await live.waitForRow("web1", (row) => isMaster(row) && row.description.includes("no reply"));
    await live.inlineAction("web1", "Reconnect Now");
    await live.waitForRow("web1", (row) => isMaster(row) && row.description.startsWith("reconnecting"));
    lab.host.thaw();
    await live.waitForRow("web1", isReady);
    await live.waitForRow("web1 (2)", isOpen);
    await lab.host.waitForLogins(logins + 1);
    assert.equal(lab.host.logins(), logins + 1);
  });

  it("stops reconnecting at the user's request, and the tab shows what can be done then", async () => {
    await lab.host.down();
    const { terminals } = lab.workbench;
    const live = lab.workbench.tree("Live");
    const tabs = await terminals.names();
    await live.waitForRow("web1", (row) => isMaster(row) && secondsLeft(row) > 1);
    // In the terminal, for itself alone.
    await terminals.press("Escape");
    await terminals.waitForText("R to reopen");
    await live.waitForRow("web1", (row) => isMaster(row) && / 1 terminal waits/.test(row.ariaLabel));
    assert.deepEqual(await terminals.names(), tabs);
    await terminals.select("web1", 0);
    await live.contextMenu("web1", "Stop Reconnecting");
    await lab.workbench.terminals.waitForText("R to reopen");
    await live.waitForNoRow("web1");
    await lab.workbench.statusBarItem("reconnecting").waitFor({ state: "hidden" });
  });
});
