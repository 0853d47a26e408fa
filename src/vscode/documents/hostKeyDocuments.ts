import * as vscode from "vscode";
import type { Disposable } from "../../base/disposable.ts";

const scheme = "ssh-host-key";

/** Read-only documents that show host keys. Unlike a dialog, an editor has a fixed-width font. */
export class HostKeyDocuments implements vscode.TextDocumentContentProvider, Disposable {
  readonly #texts = new Map<string, string>();
  /** Registered when the first key is shown. */
  #registration: vscode.Disposable | undefined;

  /** @param name the tab's name, which a server can't influence. @returns closes the tab. */
  async show(name: string, text: string): Promise<() => Promise<void>> {
    this.#registration ??= vscode.Disposable.from(
      vscode.workspace.registerTextDocumentContentProvider(scheme, this),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => this.#texts.delete(uri.toString())),
    );
    const uri = vscode.Uri.from({ scheme, path: name, query: String(this.#texts.size + 1) });
    this.#texts.set(uri.toString(), text);
    await vscode.window.showTextDocument(uri, { preview: true, preserveFocus: true });
    return async () => {
      const tabs = vscode.window.tabGroups.all
        .flatMap((group) => group.tabs)
        .filter(
          ({ input }) => input instanceof vscode.TabInputText && input.uri.toString() === uri.toString(),
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
