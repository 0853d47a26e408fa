import assert from "node:assert/strict";
import { beforeAll, describe, it } from "vitest";
import { withoutBranch } from "../harness/terminals.ts";
import { waitUntil } from "../harness/waitUntil.ts";
import { useWorkbenchLab } from "./workbenchLab.ts";

const submenu = "SSH Sessions";

/** Terminals of two hosts, which are two destinations of one server. */
describe("the menu of a terminal", () => {
  const lab = useWorkbenchLab({
    sshConfig: ({ host }) =>
      [
        host.sshConfigText("web1"),
        host.sshConfigText("web2", [
          "GlobalKnownHostsFile /nonexistent/other",
          "EnableEscapeCommandline yes",
        ]),
      ].join("\n"),
    settings: {
      "sshSessions.limits.timeLimit": 7200,
      "terminal.integrated.tabs.hideCondition": "never",
    },
  });

  beforeAll(async () => {
    await lab.workbench.page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    await open("web1");
    await open("web2");
  });

  /** Waits until these are the open sessions, from top to bottom. */
  const waitForSessions = async (...titles: readonly string[]): Promise<void> => {
    const read = async (): Promise<string> =>
      (await lab.workbench.tree("Live").rows())
        .filter(({ level }) => level === 2)
        .map(({ label }) => label)
        .join();
    await waitUntil(async () => (await read()) === titles.join(), read);
  };

  const waitForTabs = async (...names: readonly string[]): Promise<void> => {
    const read = async (): Promise<string> => (await lab.workbench.terminals.names()).join();
    await waitUntil(async () => (await read()) === names.join(), read);
  };

  /** Opens a terminal, which is the active one then. */
  const open = async (alias: string): Promise<void> => {
    await lab.workbench.tree("Hosts").click(alias);
    await lab.workbench.tree("Live").waitForRow(alias, ({ level }) => level === 2);
    await lab.workbench.terminals.waitForText("lab>");
  };

  const details = () =>
    lab.workbench.page.frameLocator("iframe.webview.ready").frameLocator("iframe#active-frame");

  it("is not needed for ~C, which says what enables it, or opens a command line for forwards", async () => {
    const { terminals } = lab.workbench;
    await terminals.select("web1");
    await terminals.waitForText(/^lab>$/);
    await terminals.type("\n");
    await terminals.waitForText(/^lab> *\nlab>$/);
    await terminals.type("~C");
    await terminals.waitForText("~C [the command line is disabled: set EnableEscapeCommandline yes");
    await terminals.select("web2");
    await terminals.waitForText(/^lab>$/);
    await terminals.type("\n");
    await terminals.waitForText(/^lab> *\nlab>$/);
    await terminals.type("~C");
    await terminals.waitForText(/~C\nssh>$/);
    await terminals.type("-h\n");
    await terminals.waitForText(/^ssh> -h\nCommands:\n +-L\[bind_address:\]port:host:hostport/m);
    await lab.workbench.screenshot("escape-command-line");
  });

  it("of a tab in the background shows, changes and extends its session, and sends to it", async () => {
    const { terminals, quickInput, notifications, dialogs, page } = lab.workbench;
    const choose = async (item: string, name = "web1"): Promise<void> =>
      await terminals.contextMenu(name, [submenu, item]);
    await choose("Show Session Details");
    await details().getByRole("heading", { name: "web1", exact: true }).waitFor();
    await choose("Send Signal…");
    await quickInput.waitFor('Send Signal to "web1"');
    await quickInput.pick("USR1");
    await choose("Send Break");
    await details().getByText("sent, no reply requested: USR1").first().waitFor();
    await details().getByText("sent, no reply requested: 1000 ms").first().waitFor();
    await lab.workbench.screenshot("menu-of-background-tab");
    await page.evaluate("navigator.clipboard.writeText('nothing')");
    await choose("Copy SSH Command");
    const copied = async (): Promise<string> => await page.evaluate<string>("navigator.clipboard.readText()");
    await waitUntil(async () => / web1$/.test(await copied()), copied);
    await choose("Rename Session…");
    await quickInput.waitFor("New title for the session on web1");
    await quickInput.fill("first");
    await quickInput.accept();
    await waitForTabs("first", "web2");
    await choose("Extend Limits", "first");
    await notifications.waitFor('"first" now ends at');
    await notifications.clear();
    await choose("Show tmux History", "first");
    await notifications.waitFor("tmux");
    await notifications.clear();
    await choose("Send EOF", "first");
    assert.match(await dialogs.text(), /^Send EOF to "first"\?/);
    await dialogs.press("Send EOF");
    await lab.workbench.tree("Live").waitForRow("first", ({ description }) => /^EOF sent/.test(description));
    await lab.workbench.runCommand("View: Close All Editors");
    await choose("Kill", "first");
    await waitForSessions("web2");
  });

  it("of a tab in the background opens another terminal like it, and ends it", async () => {
    const { terminals } = lab.workbench;
    await open("web1");
    await terminals.select("web2");
    await terminals.contextMenu("web1", ["Split on This Host"]);
    await waitForSessions("web1", "web1 (2)", "web2");
    await waitForTabs("web2", "┌  web1", "└  web1 (2)");
    await terminals.waitForText("lab>");
    await terminals.select("web2");
    await terminals.contextMenu("web1", ["Duplicate Session"]);
    await waitForSessions("web1", "web1 (2)", "web1 (3)", "web2");
    await waitForTabs("web2", "┌  web1", "└  web1 (2)", "web1 (3)");
    await terminals.waitForText("lab>");
    await terminals.select("web2");
    await terminals.contextMenu("web1 (3)", [submenu, "Disconnect"]);
    await waitForSessions("web1", "web1 (2)", "web2");
    await terminals.contextMenu("web1 (2)", [submenu, "Kill"]);
    await waitForSessions("web1", "web2");
    assert.equal(lab.host.logins(), 2);
  });

  it("acts on the pane that it belongs to, not on the newest one", async () => {
    const { terminals } = lab.workbench;
    await terminals.select("web1");
    await terminals.paneMenu(0, ["Split on This Host"]);
    await waitForSessions("web1", "web1 (2)", "web2");
    await terminals.waitForText("lab>");
    await lab.workbench.screenshot("menu-of-a-pane");
    await terminals.paneMenu(0, [submenu, "Kill"]);
    await waitForSessions("web1 (2)", "web2");
    await terminals.paneMenu(0, ["Duplicate Session"]);
    await waitForSessions("web1 (2)", "web1", "web2");
  });

  it("of a terminal of this machine says that it is no SSH terminal", async () => {
    const { terminals, notifications } = lab.workbench;
    await lab.workbench.runCommand("Terminal: Create New Terminal");
    const local = await waitUntil(
      async () => (await terminals.names()).map(withoutBranch).find((name) => !/^web\d/.test(name)),
      async () => `terminals: ${(await terminals.names()).join()}`,
    );
    await terminals.select("web2");
    for (const path of [["Split on This Host"], [submenu, "Kill"]]) {
      await terminals.contextMenu(local, path);
      await notifications.waitFor("This terminal is not an SSH terminal.");
      await notifications.clear();
    }
    await waitForSessions("web1 (2)", "web1", "web2");
  });
});
