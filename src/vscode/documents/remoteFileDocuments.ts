import * as vscode from "vscode";
import { type Disposable, DisposableStore } from "../../base/disposable.ts";
import { printable } from "../../base/log.ts";
import { readRemoteFile } from "../../remote/remoteFile.ts";
import type { SessionService } from "../../session/sessionServiceTypes.ts";
import { remoteFileProblemText } from "../../text/remoteFileText.ts";
import { showMessage } from "../messages/messages.ts";

const scheme = "ssh-session-file";

export interface RemotePlace {
  readonly host: string;
  readonly masterId: string | undefined;
  /** Absolute, or `~/…`. */
  readonly path: string;
  /** From 1. */
  readonly line?: number | undefined;
  readonly column?: number | undefined;
}

/**
 * Files of servers as read-only documents. They are read only when the user opens one, not when their URI is
 * requested, which another extension or a link could do.
 */
export class RemoteFileDocuments implements vscode.TextDocumentContentProvider, Disposable {
  readonly #service: SessionService;
  readonly #store = new DisposableStore();
  readonly #changed: vscode.EventEmitter<vscode.Uri>;
  readonly onDidChange: vscode.Event<vscode.Uri>;
  /** By URI, while the document is open. */
  readonly #contents = new Map<string, string>();

  constructor(service: SessionService) {
    this.#service = service;
    this.#changed = this.#store.add(new vscode.EventEmitter<vscode.Uri>());
    this.onDidChange = this.#changed.event;
    this.#store.add(vscode.workspace.registerTextDocumentContentProvider(scheme, this));
    this.#store.add(
      vscode.workspace.onDidCloseTextDocument(({ uri }) => this.#contents.delete(uri.toString())),
    );
  }

  /** Reads the file and shows it, or a message about the failure. */
  async open({ host, masterId, path, line = 1, column = 1 }: RemotePlace): Promise<void> {
    const uri = vscode.Uri.from({ scheme, path: shownPath(host, path), query: host });
    try {
      this.#contents.set(uri.toString(), await readRemoteFile(this.#service, host, masterId, path));
    } catch (error) {
      void showMessage("warning", remoteFileProblemText(error, path, host));
      return;
    }
    this.#changed.fire(uri);
    const position = new vscode.Position(Math.max(0, line - 1), Math.max(0, column - 1));
    await vscode.window.showTextDocument(uri, {
      preview: true,
      selection: new vscode.Range(position, position),
    });
  }

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.#contents.get(uri.toString()) ?? "";
  }

  dispose(): void {
    this.#store.dispose();
  }
}

/** As scp(1) writes it: the hover of the tab and the breadcrumbs then name the host. */
function shownPath(host: string, path: string): string {
  return `/${printable(host).replace(/[/\\\s]+/g, " ")}:${path}`;
}
