import assert from "node:assert/strict";
import { rm, writeFile } from "node:fs/promises";
import * as vscode from "vscode";
import { viewIds } from "../../../src/vscode/settings/contributionIds.ts";
import { activated, setSetting, type TestConfig, useSshConfig } from "./extensionUnderTest.ts";
import { treeItems } from "./treeItems.ts";

/** Resolves with the file's diagnostics once they match; rejects after 30 s. */
async function untilDiagnosed(
  file: string,
  wanted: (lines: readonly number[]) => boolean,
): Promise<readonly vscode.Diagnostic[]> {
  const uri = vscode.Uri.file(file);
  const found = (): vscode.Diagnostic[] =>
    vscode.languages.getDiagnostics(uri).filter(({ source }) => source === "ssh_config");
  const isReached = (): boolean => wanted(found().map(({ range }) => range.start.line + 1));
  if (!isReached()) {
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`timeout; found ${JSON.stringify(found())}`)), 30_000);
      const subscription = vscode.languages.onDidChangeDiagnostics(() => {
        if (isReached()) {
          clearTimeout(timer);
          subscription.dispose();
          resolve();
        }
      });
    });
  }
  return found();
}

describe("ssh_config in the editor", () => {
  let config: TestConfig;

  beforeEach(async () => {
    await activated();
  });

  afterEach(async () => {
    await vscode.commands.executeCommand("workbench.action.closeAllEditors");
    await config.dispose();
  });

  it("marks a line that OpenSSH refuses without opening the file, until it is corrected or removed", async () => {
    config = await useSshConfig('Host web1\n  Prot 22\n  User "x\n  Port 22\n');
    const [first, second] = await untilDiagnosed(config.file, (lines) => lines.join() === "2,3");
    assert.match(first?.message ?? "", /prot: there is no such keyword/);
    assert.match(second?.message ?? "", /quote/);
    assert.equal(first?.severity, vscode.DiagnosticSeverity.Error);
    await writeFile(config.file, 'Host web1\n  Port 22\n  User "x\n');
    await untilDiagnosed(config.file, (lines) => lines.join() === "3");
    await rm(config.file);
    await untilDiagnosed(config.file, (lines) => lines.join() === "1");
    await setSetting("configFile", undefined);
    await untilDiagnosed(config.file, (lines) => lines.length === 0);
  });

  it("shows what is not honoured in the hover of its host, with its line", async () => {
    config = await useSshConfig("Host web1\n  BindInterface eth0\nHost web2\n");
    const items = await treeItems(viewIds.hosts);
    const hover = (label: string): string => {
      const tooltip = items.find(({ item }) => item.label === label)?.item.tooltip;
      assert.ok(tooltip instanceof vscode.MarkdownString);
      return tooltip.value;
    };
    assert.match(hover("web1"), /BindInterface is not honoured .*line 2/);
    assert.match(hover("web1"), /Click to open a terminal/);
    assert.doesNotMatch(hover("web2"), /not honoured/);
  });

  it("Explain Host shows each value with a link to its line, and updates when the file changes", async () => {
    config = await useSshConfig("Host web1\n  HostName one.invalid\n  BindInterface eth0\n");
    await vscode.commands.executeCommand("sshSessions.explainHost", "web1");
    const document = vscode.window.activeTextEditor?.document;
    assert.ok(document);
    assert.match(document.getText(), /^Hostname +one\.invalid +\S*ssh_config line 2$/m);
    assert.match(document.getText(), /^\* BindInterface is not honoured/m);
    const links = await vscode.commands.executeCommand<vscode.DocumentLink[]>(
      "vscode.executeLinkProvider",
      document.uri,
    );
    const targets = links.map(({ target }) => target?.toString(true));
    assert.ok(targets.includes(`${vscode.Uri.file(config.file).toString(true)}#L2`), targets.join("\n"));
    const changed = new Promise<void>((resolve) => {
      const subscription = vscode.workspace.onDidChangeTextDocument((event) => {
        if (event.document === document && document.getText().includes("two.invalid")) {
          subscription.dispose();
          resolve();
        }
      });
    });
    await writeFile(config.file, "Host web1\n  HostName two.invalid\n");
    await changed;
  });
});
