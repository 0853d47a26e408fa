import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import * as vscode from "vscode";
import type { SshSessionsApi } from "../../../src/api.ts";
import { viewIds } from "../../../src/vscode/settings/contributionIds.ts";
import { sshConfigBlock } from "../../lab/sshdConfig.ts";
import { type SshdHost, startSshd } from "../../lab/sshdHost.ts";
import { until } from "../../lab/until.ts";
import {
  activated,
  endEverything,
  liveMasters,
  onlyMaster,
  type TestConfig,
  untilChanged,
  useSshConfig,
} from "./extensionUnderTest.ts";
import { type ShownItem, treeItems, treeLabels } from "./treeItems.ts";

describe("a host that is typed as user@host:port", () => {
  let api: SshSessionsApi;
  let host: SshdHost;
  let config: TestConfig;
  let typed: string;

  before(async () => {
    api = await activated();
    host = await startSshd();
    typed = `${host.user}@build1:${host.port}`;
    // The same name without user and port leads to another address, where nothing listens.
    config = await useSshConfig(
      sshConfigBlock("build1", { ...host.via(host), port: 1, user: "nobody" }, ["BindInterface lo"]),
    );
    await vscode.commands.executeCommand("sshSessions.openTerminal", typed);
    await untilChanged(
      api,
      () => liveMasters(api)[0]?.sessions.some(({ state }) => state.kind === "open") === true,
      "the typed host's session is open",
    );
    // Other tests of this window opened hosts that this configuration does not list.
    await until(
      async () => (await treeLabels(viewIds.hosts))[0] === "Recent",
      "the typed host is remembered",
    );
    for (;;) {
      const [recent] = await treeItems(viewIds.hosts);
      const others = (await treeItems(viewIds.hosts, recent?.element)).filter(
        // A label may be shortened; what screen readers get is not.
        ({ item }) => item.accessibilityInformation?.label.startsWith(typed) !== true,
      );
      if (others.length === 0) {
        break;
      }
      // Older ones, which the view did not show, follow.
      for (const { element } of others) {
        await vscode.commands.executeCommand("sshSessions.forgetHost", element);
      }
    }
  });

  after(async () => {
    await endEverything();
    await config.dispose();
    await host.stop();
  });

  async function masterRow(): Promise<ShownItem> {
    const [row] = await treeItems(viewIds.live);
    assert.ok(row);
    return row;
  }

  it("shows in its hover, and in that of its connection, what is not honoured in ssh_config", async () => {
    const hoverOf = ({ item }: ShownItem): string =>
      typeof item.tooltip === "object" ? item.tooltip.value : (item.tooltip ?? "");
    assert.match(hoverOf(await masterRow()), /BindInterface is not honoured/);
    const [recent] = await treeItems(viewIds.hosts);
    const [row] = await treeItems(viewIds.hosts, recent?.element);
    assert.ok(row);
    assert.match(hoverOf(row), /BindInterface is not honoured/);
  });

  it("has its typed name in its session, and its host in its row", async () => {
    const { alias, spec, sessions } = onlyMaster(api);
    assert.deepEqual([alias, spec, sessions[0]?.spec], ["build1", typed, typed]);
    // The row has the host, and what screen readers get is the whole.
    assert.equal((await masterRow()).item.label, "build1");
  });

  it("has a row whose Open Terminal uses the same connection", async () => {
    await vscode.commands.executeCommand("sshSessions.openTerminal", (await masterRow()).element);
    await untilChanged(
      api,
      () => onlyMaster(api).sessions.filter(({ state }) => state.kind === "open").length === 2,
      "a second session on the same connection",
    );
    assert.equal(host.logins(), 1);
  });

  it("has a row that copies a command line to the same destination", async () => {
    await vscode.commands.executeCommand("sshSessions.copySshCommand", (await masterRow()).element);
    const command = await vscode.env.clipboard.readText();
    assert.match(command, new RegExp(`-p ${host.port}\\b`));
    assert.ok(command.includes(host.user), command);
  });

  it("is listed in Hosts under Recent as live, while the listed host of that name is not", async () => {
    await until(async () => (await treeLabels(viewIds.hosts)).length === 2, "the fold of recent hosts");
    const [recent, listed] = await treeItems(viewIds.hosts);
    assert.deepEqual([recent?.item.label, listed?.item.label], ["Recent", "build1"]);
    assert.doesNotMatch(String(listed?.item.contextValue), /\blive\b/);
    const [row, ...others] = await treeItems(viewIds.hosts, recent?.element);
    assert.deepEqual([row?.item.label, others.length], [`build1:${host.port}`, 0]);
    assert.match(String(row?.item.contextValue), /\btyped\b.*\blive\b/);
  });

  it("is saved as a Host block that was shown before, and then becomes a listed host", async () => {
    const [recent] = await treeItems(viewIds.hosts);
    const [row] = await treeItems(viewIds.hosts, recent?.element);
    const before = await readFile(config.file, "utf8");
    const shown: string[] = [];
    const window: {
      showInputBox: typeof vscode.window.showInputBox;
      showInformationMessage: unknown;
    } = vscode.window;
    const { showInputBox, showInformationMessage } = vscode.window;
    window.showInputBox = async () => "saved";
    window.showInformationMessage = async (
      message: string,
      options: unknown,
      ...actions: readonly string[]
    ) => {
      shown.push(`${message}\n${typeof options === "object" ? JSON.stringify(options) : ""}`);
      return actions.includes("Append") ? "Append" : undefined;
    };
    try {
      await vscode.commands.executeCommand("sshSessions.saveToSshConfig", row?.element);
    } finally {
      window.showInputBox = showInputBox;
      window.showInformationMessage = showInformationMessage;
    }
    const after = await readFile(config.file, "utf8");
    assert.ok(after.startsWith(before), "what was in the file stays");
    const block = after.slice(before.length);
    assert.match(
      block,
      new RegExp(
        `^\\nHost saved\\n    HostName 127\\.0\\.0\\.1\\n    User ${host.user}\\n    Port ${host.port}\\n`,
      ),
    );
    assert.ok(shown[0]?.includes(JSON.stringify(block.trim()).slice(1, -1)), shown[0]);
    await until(async () => (await treeLabels(viewIds.hosts)).includes("saved"), "the saved host is listed");
    assert.deepEqual(await treeLabels(viewIds.hosts), ["build1", "saved"]);
  });

  it("is removed on request", async () => {
    await vscode.commands.executeCommand("sshSessions.openTerminal", typed);
    await until(async () => (await treeLabels(viewIds.hosts))[0] === "Recent", "the fold is there again");
    await vscode.commands.executeCommand("sshSessions.forgetHost", typed);
    await until(async () => (await treeLabels(viewIds.hosts))[0] === "build1", "the fold has gone");
  });
});
