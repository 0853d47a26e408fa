import * as vscode from "vscode";
import { type Disposable, DisposableStore } from "../../base/disposable.ts";
import { t } from "../../base/localize.ts";
import { printable } from "../../base/log.ts";

const scheme = "ssh-run";

/** Read-only documents with the output of commands. They need not be saved, and disappear when closed. */
export class RunDocuments implements vscode.TextDocumentContentProvider, Disposable {
  readonly #store = new DisposableStore();
  readonly #texts = new Map<string, string>();
  #next = 1;

  constructor() {
    this.#store.add(vscode.workspace.registerTextDocumentContentProvider(scheme, this));
    this.#store.add(
      vscode.workspace.onDidCloseTextDocument(({ uri }) => {
        if (uri.scheme === scheme) {
          this.#texts.delete(uri.query);
        }
      }),
    );
  }

  async show(title: string, text: string): Promise<void> {
    const query = String(this.#next++);
    this.#texts.set(query, text);
    // The tab shows the part after the last slash of the path.
    const path = printable(title)
      .replace(/\s+/g, " ")
      .replaceAll("/", "\u2215")
      .replaceAll("\\", "\u29f5")
      .slice(0, 60);
    await vscode.window.showTextDocument(vscode.Uri.from({ scheme, path, query }), { preview: false });
  }

  provideTextDocumentContent({ query }: vscode.Uri): string {
    return this.#texts.get(query) ?? t("This output is no longer available. Run the command again.");
  }

  dispose(): void {
    this.#store.dispose();
  }
}
