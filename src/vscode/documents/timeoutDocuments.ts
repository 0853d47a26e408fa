import * as vscode from "vscode";
import { type Disposable, DisposableStore } from "../../base/disposable.ts";
import { t } from "../../base/localize.ts";
import { printable } from "../../base/log.ts";

const scheme = "ssh-timeouts";

/** Read-only Markdown documents, one per host, shown as VS Code's Markdown preview. */
export class TimeoutDocuments implements vscode.TextDocumentContentProvider, Disposable {
  readonly #store = new DisposableStore();
  /** By host. A preview reads its document again each time it is shown, so they are kept. */
  readonly #texts = new Map<string, string>();
  readonly #changed: vscode.EventEmitter<vscode.Uri>;
  readonly onDidChange: vscode.Event<vscode.Uri>;

  constructor() {
    this.#changed = this.#store.add(new vscode.EventEmitter<vscode.Uri>());
    this.onDidChange = this.#changed.event;
    this.#store.add(vscode.workspace.registerTextDocumentContentProvider(scheme, this));
  }

  async show(host: string, text: string): Promise<void> {
    const path = t("Timeouts of {0}.md", printable(host).replace(/[/\\\s]+/g, " "));
    const uri = vscode.Uri.from({ scheme, path, query: host });
    this.#texts.set(host, text);
    this.#changed.fire(uri);
    const document = await vscode.workspace.openTextDocument(uri);
    try {
      await vscode.commands.executeCommand("markdown.showPreview", uri);
    } catch {
      // VS Code's own Markdown extension can be disabled: its source is readable, too.
      await vscode.window.showTextDocument(document);
    }
  }

  provideTextDocumentContent({ query }: vscode.Uri): string {
    return this.#texts.get(query) ?? t("This is no longer available. Run Explain Timeouts again.");
  }

  dispose(): void {
    this.#store.dispose();
  }
}
