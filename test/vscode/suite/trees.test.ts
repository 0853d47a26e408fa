import assert from "node:assert/strict";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import * as vscode from "vscode";
import type { SshSessionsApi } from "../../../src/api.ts";
import { viewIds } from "../../../src/vscode/settings/contributionIds.ts";
import { type SshdHost, startSshd } from "../../lab/sshdHost.ts";
import { until } from "../../lab/until.ts";
import { activated, endEverything, type TestConfig, useSshConfig } from "./extensionUnderTest.ts";
import { recordedContributions } from "./recordedContributions.ts";
import { treeItems, treeLabels } from "./treeItems.ts";

describe("the trees", () => {
  let api: SshSessionsApi;
  let host: SshdHost;
  let config: TestConfig;

  before(async () => {
    api = await activated();
    host = await startSshd();
    const blocks = [
      host.sshConfigText("web1"),
      host.sshConfigText("db1"),
      "Host *.example.com !bad.example.com\n  User nobody\n",
      "Host two three\n  HostName 192.0.2.1\n",
    ];
    config = await useSshConfig(blocks.join("\n"));
  });

  after(async () => {
    await endEverything();
    await config.dispose();
    await host.stop();
  });

  it("list the hosts of the ssh_config in its order, without patterns", async () => {
    await until(async () => (await treeLabels(viewIds.hosts)).length === 4, "the hosts of the file");
    assert.deepEqual(await treeLabels(viewIds.hosts), ["web1", "db1", "two", "three"]);
    assert.deepEqual(
      (await api.hosts()).map(({ alias, line, source }) => [alias, line !== undefined, source]),
      ["web1", "db1", "two", "three"].map((alias) => [alias, true, "sshConfig"]),
    );
  });

  it("show nothing live before anything is opened", async () => {
    assert.deepEqual(await treeLabels(viewIds.live), []);
  });

  it("show the master with its sessions below, with stable ids, and mark the host", async () => {
    await api.openTerminal("web1", { title: "first" });
    await api.openTerminal("web1", { title: "second" });
    const rows = async () => {
      const [master] = await treeItems(viewIds.live);
      return master === undefined ? [] : await treeLabels(viewIds.live, master.element);
    };
    // The view redraws its rows shortly after a change.
    await until(async () => (await rows()).length === 2, "the sessions below their connection");
    const [master] = await treeItems(viewIds.live);
    assert.ok(master);
    assert.equal(master.item.label, "web1");
    assert.match(String(master.item.description), new RegExp(`${host.user}@127\\.0\\.0\\.1`));
    assert.match(String(master.item.contextValue), /\bmaster\b.*\blive\b/);
    const clicks = [...(await treeItems(viewIds.hosts)), ...(await treeItems(viewIds.live, master.element))];
    // VS Code forgets the arguments of a click when the row is drawn anew, while the click is on its way.
    assert.deepEqual(
      clicks.map(({ item }) => [item.command?.command, item.command?.arguments]),
      clicks.map((_, index) => [`_sshSessions.${index < 4 ? "hosts" : "live"}.click`, undefined]),
    );
    const below = ["first", "second"];
    assert.deepEqual(await treeLabels(viewIds.live, master.element), below);
    const sessions = (await treeItems(viewIds.live, master.element)).slice(0, 2);
    assert.ok(sessions.every(({ item }) => /\bsession\b.*\bterminal\b/.test(String(item.contextValue))));
    const again = (await treeItems(viewIds.live, master.element)).slice(0, 2);
    assert.deepEqual(
      again.map(({ item }) => item.id),
      sessions.map(({ item }) => item.id),
    );
    await until(async () => {
      const marked = (await treeItems(viewIds.hosts)).find(({ item }) => item.label === "web1");
      return /\blive\b/.test(String(marked?.item.contextValue));
    }, "the host is marked as live");
  });

  it("show in the hover which keepalive values apply, and the source of each", async () => {
    const [master] = await treeItems(viewIds.live);
    const tooltip = master?.item.tooltip;
    assert.ok(tooltip instanceof vscode.MarkdownString);
    assert.match(tooltip.value, /serverAliveInterval[^\n]*30[^\n]*default/i);
    assert.match(tooltip.value, /serverAliveCountMax[^\n]*3[^\n]*default/i);
    assert.match(tooltip.value, /tcpKeepAlive[^\n]*yes[^\n]*default/i);
  });

  it("redraw a connection for a change of settings.json, so that its hover has the new value and its source", async () => {
    const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath;
    const provider = recordedContributions().trees.get(viewIds.live);
    // VS Code requests the hover, and keeps it until the row is redrawn.
    const [master] = await treeItems(viewIds.live);
    assert.ok(folder !== undefined && provider?.onDidChangeTreeData !== undefined && master !== undefined);
    const settings = join(folder, ".vscode", "settings.json");
    const subscriptions: vscode.Disposable[] = [];
    try {
      let changedAt: number | undefined;
      const redrawn = new Promise<number>((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error("the hover stays as it was")), 30_000);
        subscriptions.push(
          new vscode.Disposable(() => clearTimeout(timer)),
          vscode.workspace.onDidChangeConfiguration((event) => {
            if (event.affectsConfiguration("sshSessions.keepalive")) {
              changedAt ??= performance.now();
            }
          }),
        );
        provider.onDidChangeTreeData?.((rows) => {
          const redrawsAll = rows === undefined || rows === null;
          if (
            changedAt === undefined ||
            !(redrawsAll || (Array.isArray(rows) ? rows : [rows]).includes(master.element))
          ) {
            return;
          }
          const at = performance.now();
          void treeItems(viewIds.live).then(([shown]) => {
            const tooltip = shown?.item.tooltip;
            const isCurrent =
              tooltip instanceof vscode.MarkdownString &&
              /serverAliveInterval[^\n]*17[^\n]*workspace/i.test(tooltip.value);
            if (isCurrent) {
              resolve(at);
            }
          });
        });
      });
      await mkdir(dirname(settings), { recursive: true });
      await writeFile(settings, JSON.stringify({ "sshSessions.keepalive.serverAliveInterval": 17 }));
      const took = (await redrawn) - (changedAt ?? Number.NaN);
      // Usually under 200 ms. What the extension polls, and what it lets VS Code keep for a while, takes longer.
      assert.ok(took < 5_000, `${took} ms`);
    } finally {
      for (const each of subscriptions) {
        each.dispose();
      }
      await rm(settings, { force: true });
    }
  });
});
