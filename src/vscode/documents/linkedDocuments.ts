import * as vscode from "vscode";
import { type Disposable, DisposableStore } from "../../base/disposable.ts";
import type { LinkedText, LinkTarget } from "../../text/linkedText.ts";
import { userMessage } from "../../text/userMessages.ts";

export interface LinkedDocumentsInit {
  readonly scheme: string;
  readonly home: string;
  /** The text of a document, read again at each call. The query of its URI is its host. */
  read(uri: vscode.Uri): Promise<LinkedText>;
}

/** Read-only documents about hosts, with links into files and settings. */
export class LinkedDocuments
  implements vscode.TextDocumentContentProvider, vscode.DocumentLinkProvider, Disposable
{
  readonly #init: LinkedDocumentsInit;
  readonly #store = new DisposableStore();
  readonly #changed: vscode.EventEmitter<vscode.Uri>;
  readonly onDidChange: vscode.Event<vscode.Uri>;
  /** The last shown text, by URI: the links belong to exactly this text. */
  readonly #shown = new Map<string, LinkedText>();

  constructor(init: LinkedDocumentsInit) {
    this.#init = init;
    const { scheme } = init;
    this.#changed = this.#store.add(new vscode.EventEmitter<vscode.Uri>());
    this.onDidChange = this.#changed.event;
    this.#store.add(vscode.workspace.registerTextDocumentContentProvider(scheme, this));
    this.#store.add(vscode.languages.registerDocumentLinkProvider({ scheme }, this));
    this.#store.add(
      vscode.workspace.onDidCloseTextDocument(({ uri }) => {
        if (uri.scheme === scheme) {
          this.#shown.delete(uri.toString());
        }
      }),
    );
  }

  /** Rejects like `read`; no document is opened then. */
  async show(uri: vscode.Uri): Promise<void> {
    this.#shown.set(uri.toString(), await this.#init.read(uri));
    this.#changed.fire(uri);
    await vscode.window.showTextDocument(uri, { preview: true });
  }

  /** Updates the open documents. */
  refresh(): void {
    for (const { uri } of vscode.workspace.textDocuments) {
      if (uri.scheme === this.#init.scheme) {
        this.#changed.fire(uri);
      }
    }
  }

  async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    const key = uri.toString();
    try {
      const read = await this.#init.read(uri);
      this.#shown.set(key, read);
      return read.text;
    } catch (error) {
      this.#shown.delete(key);
      return `${userMessage(error, uri.query, this.#init.home)?.text ?? ""}\n`;
    }
  }

  provideDocumentLinks({ uri }: vscode.TextDocument): vscode.DocumentLink[] {
    return (this.#shown.get(uri.toString())?.links ?? []).map(
      ({ line, start, end, target }) =>
        new vscode.DocumentLink(new vscode.Range(line, start, line, end), targetUri(target)),
    );
  }

  dispose(): void {
    this.#store.dispose();
  }
}

/** The target of a link in such a document. */
function targetUri(target: LinkTarget): vscode.Uri {
  if (target.kind === "file") {
    // VS Code opens `#L12` at that line.
    return vscode.Uri.file(target.file).with({
      fragment: target.line === undefined ? "" : `L${target.line}`,
    });
  }
  const query = encodeURIComponent(JSON.stringify([target.setting]));
  return vscode.Uri.parse(`command:workbench.action.openSettings?${query}`);
}
