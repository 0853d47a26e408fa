import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import { withoutBranch } from "../harness/terminals.ts";
import { waitUntil } from "../harness/waitUntil.ts";
import { screenshotFailures } from "./failureScreenshot.ts";
import { openTerminalLab, type TerminalLab } from "./terminalLab.ts";

/** The first use of the extension by a new user. */
describe("first use", () => {
  let lab: TerminalLab;

  beforeAll(async () => {
    // The last one is for hosts that are typed as an address: their key and their login are below it.
    lab = await openTerminalLab({ aliases: ["envlab", "lab", "connector", "127.0.0.*"] });
  });

  screenshotFailures(() => lab.workbench);

  afterAll(async () => {
    await lab?.close();
  });

  const sessions = async (): Promise<string[]> =>
    (await lab.workbench.tree("Live").rows()).filter(({ level }) => level === 2).map(({ label }) => label);

  it("a connection without sessions expands for its first one, unless the user has collapsed it", async () => {
    const { workbench } = lab;
    const { quickInput, terminals } = workbench;
    const live = workbench.tree("Live");
    await workbench.runCommand("SSH Sessions: Connect");
    await quickInput.waitFor("Choose a host");
    await quickInput.pick("connector");
    await live.waitForRow("connector", ({ description }) => description.startsWith("idle, "));
    const withoutSessions = async () =>
      await live.waitForRow("connector", ({ level, expanded }) => level === 1 && expanded === undefined);
    const exit = async (): Promise<void> => {
      await terminals.waitForText("lab>");
      await terminals.type("exit\n");
      await withoutSessions();
    };
    await withoutSessions();
    await live.click("connector");
    // Once more for a connection that had sessions before.
    for (const _ of [1, 2]) {
      await live.inlineAction("connector", "Open Terminal");
      await live.waitForRow("connector", ({ level }) => level === 2);
      await live.waitForSelection(["connector"]);
      await exit();
    }
    await live.inlineAction("connector", "Open Terminal");
    await live.waitForRow("connector", ({ level }) => level === 2);
    await live.click("connector");
    await live.waitForRow("connector", ({ expanded }) => expanded === false);
    await exit();
    await live.inlineAction("connector", "Open Terminal");
    await live.waitForRow("connector", ({ expanded }) => expanded === false);
    await live.click("connector");
    await live.waitForRow("connector", ({ level }) => level === 2);
    await live.inlineAction("connector", "Disconnect");
    await live.waitForNoRow("connector");
  });

  it("a part of a name and Enter open the matching host, not the typed letters", async () => {
    const { workbench } = lab;
    await workbench.runCommand("SSH Sessions: Open Terminal");
    await workbench.quickInput.waitFor("envlab");
    for (const [typed, rows] of [
      ["envl", ["envlab", "Connect to envl"]],
      // The row for the typed text begins with these letters as well.
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
    // The second click was handled by then: commands run in order.
    await workbench.runCommand("SSH Sessions: Refresh");
    assert.deepEqual(await sessions(), ["envlab", "envlab (2)"]);
  });

  it("Disconnect asks if two sessions would end, until the question is turned off", async () => {
    const { workbench } = lab;
    const live = workbench.tree("Live");
    await live.inlineAction("envlab", "Disconnect");
    assert.match(await workbench.dialogs.text(), /Disconnect envlab with its 2 sessions\?/);
    await workbench.dialogs.press("Cancel");
    assert.deepEqual(await sessions(), ["envlab", "envlab (2)"]);
    await live.inlineAction("envlab", "Disconnect");
    await workbench.dialogs.press("Disconnect, Don't Ask Again");
    await live.waitForNoRow("envlab");
    await workbench.tree("Hosts").click("envlab");
    await live.waitForRow("envlab", ({ level }) => level === 2);
    // Until the rows below are in place: a moving row loses its inline buttons.
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

  it("the menu of a tab acts on its terminal, not on the active one", async () => {
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

  it("a rename in VS Code changes the tree, and a rename in the tree changes the tab", async () => {
    const { workbench } = lab;
    const { quickInput, terminals } = workbench;
    const live = workbench.tree("Live");
    await workbench.runCommand("Terminal: Rename...");
    await quickInput.waitFor("Enter terminal name");
    await quickInput.fill("build log");
    await quickInput.accept();
    await live.waitForRow("build log");
    // The one in the background.
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

  /** Settings of the workspace, replacing the previous ones. */
  const setSettings = async (settings: Readonly<Record<string, unknown>>): Promise<void> => {
    const folder = join(lab.workbench.workspaceFolder, ".vscode");
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, "settings.json"), JSON.stringify(settings));
  };

  const waitForHover = async (label: string, wanted: RegExp): Promise<string> => {
    let hover = "";
    return await waitUntil(
      async () => {
        hover = await lab.workbench.tree("Live").hoverText(label);
        return wanted.test(hover) && hover;
      },
      () => `no ${wanted} in the hover: ${hover}`,
    );
  };

  const page = () =>
    lab.workbench.page.frameLocator("iframe.webview.ready").frameLocator("iframe#active-frame");

  it("the hover of a connection follows a change of settings, with value and source, and has the last round trips", async () => {
    const { workbench } = lab;
    const live = workbench.tree("Live");
    const { label } = await live.waitForRow(/./, ({ level }) => level === 1);
    for (const seconds of [7, 8]) {
      // The limit holds for what is opened after it.
      await setSettings({
        "sshSessions.keepalive.serverAliveInterval": seconds,
        "sshSessions.limits.timeLimit": 7200,
      });
      await waitForHover(label, new RegExp(`every ${seconds} s without data: workspace setting`));
    }
    // Each causes a keepalive request, which measures the round trip.
    for (const _ of [1, 2]) {
      await workbench.runCommand("SSH Sessions: Refresh");
    }
    const hover = await waitForHover(label, /Round trip\s+[\d.]+ ms [▁▂▃▄▅▆▇█]{2,}/);
    assert.doesNotMatch(hover, /implicit|Engine|\bm\d/);
    await workbench.screenshot("connection-hover");
    assert.ok((await live.menuItems(label)).includes("Show Host Keys…"));
  });

  it("a limit is shown in row, hover and details, as is its new end; it is offered only if there is one", async () => {
    const { workbench } = lab;
    const live = workbench.tree("Live");
    assert.ok(!(await live.menuItems("build log")).includes("Extend Limits"));
    assert.match(await live.hoverText("build log"), /Limit\s+none/);
    await workbench.tree("Hosts").click("envlab");
    await live.waitForRow("envlab", ({ description }) => description === "2 h left");
    assert.match(await live.hoverText("envlab"), /Time limit\s+2 h left of 2 h: workspace setting/);
    await workbench.screenshot("limit-hover");
    await live.contextMenu("envlab", "Extend Limits");
    assert.match(
      await workbench.notifications.waitFor("now ends"),
      /"envlab" now ends at \d\d:\d\d:\d\d, in 2 h \(time limit\)/,
    );
    await workbench.notifications.clear();
    await live.contextMenu("envlab", "Show Session Details");
    const row = page().getByRole("row", { name: /Limit: time limit/ });
    await row.waitFor();
    // With the date in the last two hours of a day.
    assert.match(await row.innerText(), /2 h, ends in (?:2 h|1 h 59 min) \((?:[^()]+, )?\d\d:\d\d:\d\d\)/);
    await workbench.screenshot("limit-details");
    await workbench.runCommand("View: Close All Editors");
  });

  it("a session that has ended keeps its channel's requests and ends, and how it ended", async () => {
    const { workbench } = lab;
    const { terminals } = workbench;
    const live = workbench.tree("Live");
    await workbench.runCommand("SSH Sessions: Disconnect All");
    await workbench.dialogs.press("Disconnect All");
    await live.waitForRow("Ended");
    await workbench.runCommand("SSH Sessions: Clear Ended");
    await live.waitForNoRow("Ended");
    await workbench.tree("Hosts").click("envlab");
    await live.waitForRow("envlab", ({ level }) => level === 2);
    await workbench.tree("Hosts").click("lab");
    await live.waitForRow("lab", ({ level }) => level === 2);
    await terminals.waitForText("lab>");
    await terminals.type("exit 3\n");
    await terminals.waitForText(/lab: exit code 3\][\s\S]*R to reopen/);
    await live.waitForRow("Ended", ({ description }) => description === "1 session");
    await live.click("Ended");
    await live.waitForRow("lab", ({ description }) => /^exit code 3 · /.test(description));
    await live.contextMenu("lab", "Show Session Details");
    const text = page().locator("body");
    await page().getByText("Close received").waitFor();
    for (const part of [
      /^lab\s+exit code 3/,
      /Request pty-req\s+accepted: xterm/,
      /Request shell\s+accepted/,
      /EOF\s+ours (?:not )?sent, the server's received/,
      /Close\s+ours sent, the server's received/,
      /Session ended\s+exit code 3/,
    ]) {
      assert.match(await text.innerText(), part);
    }
    await workbench.screenshot("ended-details");
    await workbench.runCommand("View: Close All Editors");
  });

  it("a typed host shows user, host and port everywhere, is listed under Recent, is explained, saved and forgotten", async () => {
    const { workbench } = lab;
    const { quickInput, dialogs, terminals } = workbench;
    const [hosts, live] = [workbench.tree("Hosts"), workbench.tree("Live")];
    const typed = `${lab.host.user}@127.0.0.1:${lab.host.port}`;
    await workbench.runCommand("SSH Sessions: Open Terminal");
    await quickInput.waitFor("Choose a host");
    await quickInput.fill(typed);
    await quickInput.pick(`Connect to ${typed}`);
    // The host is what a narrow row has room for, and a screen reader gets the whole.
    const shown = "127.0.0.1";
    await live.waitForRow(shown, ({ level, ariaLabel }) => level === 2 && ariaLabel.startsWith(typed));
    await terminals.waitForText("lab>");
    await hosts.waitForRow("Recent", ({ level }) => level === 1);
    await hosts.waitForRow(
      shown,
      ({ level, description }) => level === 2 && description.includes(`port ${lab.host.port}`),
    );
    await hosts.contextMenu(shown, "Explain Host…");
    const document = workbench.page.locator(".editor-instance .view-lines").first();
    await waitUntil(
      async () => {
        const lines = (await document.innerText()).replaceAll("\u00a0", " ");
        return /Port +\d+ +as typed/.test(lines) && /User +\S+ +as typed/.test(lines);
      },
      async () => `the document says: ${await document.innerText()}`,
    );
    await workbench.screenshot("typed-explained");
    await workbench.runCommand("View: Close All Editors");
    await hosts.contextMenu(shown, "Save to SSH Config");
    await quickInput.waitFor("Name of the host");
    await quickInput.fill("saved1");
    await quickInput.accept();
    assert.match(
      await dialogs.text(),
      new RegExp(`Host saved1\\s+HostName 127\\.0\\.0\\.1\\s+User ${lab.host.user}\\s+Port ${lab.host.port}`),
    );
    await workbench.screenshot("typed-save");
    await dialogs.press("Append");
    await hosts.waitForRow("saved1");
    await hosts.waitForNoRow("Recent");
    await workbench.notifications.clear();
    await workbench.runCommand("SSH Sessions: Open Terminal");
    await quickInput.waitFor("Choose a host");
    // As documentation shows it.
    await quickInput.fill(`$ ssh -p ${lab.host.port} ${lab.host.user}@127.0.0.1`);
    await quickInput.pick(`Connect to ${typed}`);
    await hosts.waitForRow("Recent");
    await hosts.contextMenu(shown, "Forget Host");
    await hosts.waitForNoRow("Recent");
  });

  it("an escape lists all escapes, and the log level of the connection changes", async () => {
    const { terminals } = lab.workbench;
    await lab.workbench.tree("Hosts").click("connector");
    await lab.workbench.tree("Live").waitForRow("connector", ({ level }) => level === 2);
    await terminals.waitForText("lab>");
    await terminals.type("\n~?");
    await terminals.waitForText(/Escape sequences[\s\S]*~V\/~v[\s\S]*~~ +send the escape character/);
    await terminals.type("\n~v");
    await terminals.waitForText("~v [log level of this connection: debug]");
    await terminals.type("\n~V");
    await terminals.waitForText("~V [log level of this connection: info]");
    await terminals.type("\n~I");
    await terminals.waitForText(/~I\s+Connection to \S+@127\.0\.0\.1:\d+/);
    await terminals.type("\n~#");
    await terminals.waitForText(
      /sessions are open on the connection to \S+@127\.0\.0\.1:\d+:[^#]+ \* terminal "connector"/,
    );
    await lab.workbench.screenshot("escapes");
  });
});
