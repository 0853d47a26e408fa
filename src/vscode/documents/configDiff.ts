import { basename } from "node:path";
import * as vscode from "vscode";
import type { Disposable } from "../../base/disposable.ts";
import { printable } from "../../base/log.ts";
import type { ConfigChange } from "../../gateway/configLine.ts";
import { configDiffTitle } from "../../text/everyTerminalText.ts";

const scheme = "ssh-sessions-config";

/** Shows a change of an ssh_config in VS Code's own diff, before it is written. */
export class ConfigDiff implements vscode.TextDocumentContentProvider, Disposable {
  readonly #texts = new Map<string, string>();
  #registration: vscode.Disposable | undefined;

  /** @returns closes the tab. */
  async show({ path, before, after }: ConfigChange): Promise<() => Promise<void>> {
    this.#registration ??= vscode.Disposable.from(
      vscode.workspace.registerTextDocumentContentProvider(scheme, this),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => this.#texts.delete(uri.toString())),
    );
    const [left, right] = ["before", "after"].map((query) => vscode.Uri.from({ scheme, path, query }));
    if (left === undefined || right === undefined) {
      return async () => {};
    }
    this.#texts.set(left.toString(), shown(before ?? new Uint8Array(0)));
    this.#texts.set(right.toString(), shown(after));
    const title = configDiffTitle(printable(basename(path)));
    await vscode.commands.executeCommand("vscode.diff", left, right, title, { preview: true });
    return async () => {
      const tabs = vscode.window.tabGroups.all
        .flatMap((group) => group.tabs)
        .filter(
          ({ input }) =>
            input instanceof vscode.TabInputTextDiff && input.modified.toString() === right.toString(),
        );
      await vscode.window.tabGroups.close(tabs, true);
    };
  }

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.#texts.get(uri.toString()) ?? "";
  }

  dispose(): void {
    this.#registration?.dispose();
  }
}

function shown(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
