import * as vscode from "vscode";
import { type Disposable, DisposableStore } from "../../base/disposable.ts";
import type { Event } from "../../base/emitter.ts";
import { t } from "../../base/localize.ts";
import { printable } from "../../base/log.ts";
import type { SettingsFolder } from "../../config/configPorts.ts";
import { explainHost } from "../../text/explainHost.ts";
import type { LinkedText, LinkTarget } from "../../text/linkedText.ts";
import { userMessage } from "../../text/userMessages.ts";
import { type ExplanationSources, gatherExplanation } from "./gatherExplanation.ts";

const scheme = "ssh-host";

/** Read-only documents that explain hosts, one per host and folder. Those that are open follow the files and settings. */
export class HostDocuments
  implements vscode.TextDocumentContentProvider, vscode.DocumentLinkProvider, Disposable
{
  readonly #sources: ExplanationSources;
  readonly #store = new DisposableStore();
  readonly #changed: vscode.EventEmitter<vscode.Uri>;
  readonly onDidChange: vscode.Event<vscode.Uri>;
  /** Whose settings count, by the address that stands in the document's. */
  readonly #folders = new Map<string, SettingsFolder>();
  /** What was shown last, by address: the links belong to exactly this text. */
  readonly #shown = new Map<string, LinkedText>();
  readonly #abort = new AbortController();

  constructor(sources: ExplanationSources & { readonly onDidChangeConfig: Event<void> }) {
    this.#sources = sources;
    this.#changed = this.#store.add(new vscode.EventEmitter<vscode.Uri>());
    this.onDidChange = this.#changed.event;
    this.#store.add(vscode.workspace.registerTextDocumentContentProvider(scheme, this));
    this.#store.add(vscode.languages.registerDocumentLinkProvider({ scheme }, this));
    this.#store.add(
      sources.onDidChangeConfig(() => {
        for (const { uri } of vscode.workspace.textDocuments.filter((open) => open.uri.scheme === scheme)) {
          this.#changed.fire(uri);
        }
      }),
    );
    this.#store.add(
      vscode.workspace.onDidCloseTextDocument(({ uri }) => {
        if (uri.scheme === scheme) {
          this.#shown.delete(uri.toString());
        }
      }),
    );
  }

  /** @throws ConfigError where the host can't be resolved: nothing is opened then. */
  async show(host: string, folder?: SettingsFolder): Promise<void> {
    if (folder !== undefined) {
      this.#folders.set(folder.uri, folder);
    }
    const name = printable(host).replace(/[/\\\s]+/g, " ");
    const uri = vscode.Uri.from({
      ...{ scheme, path: t("Host {0}", name), query: host },
      ...(folder && { fragment: folder.uri }),
    });
    this.#shown.set(uri.toString(), await this.#explain(uri));
    this.#changed.fire(uri);
    await vscode.window.showTextDocument(uri, { preview: true });
  }

  async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    const key = uri.toString();
    try {
      const explained = await this.#explain(uri);
      this.#shown.set(key, explained);
      return explained.text;
    } catch (error) {
      this.#shown.delete(key);
      return `${userMessage(error, uri.query, this.#sources.home)?.text ?? ""}\n`;
    }
  }

  provideDocumentLinks({ uri }: vscode.TextDocument): vscode.DocumentLink[] {
    return (this.#shown.get(uri.toString())?.links ?? []).map(
      ({ line, start, end, target }) =>
        new vscode.DocumentLink(new vscode.Range(line, start, line, end), targetUri(target)),
    );
  }

  dispose(): void {
    this.#abort.abort();
    this.#store.dispose();
  }

  async #explain({ query, fragment }: vscode.Uri): Promise<LinkedText> {
    const explanation = await gatherExplanation(
      query,
      this.#folders.get(fragment),
      this.#sources,
      this.#abort.signal,
    );
    return explainHost(explanation);
  }
}

/** Where a link of such a document leads. */
export function targetUri(target: LinkTarget): vscode.Uri {
  if (target.kind === "file") {
    // VS Code opens `#L12` at that line.
    return vscode.Uri.file(target.file).with({
      fragment: target.line === undefined ? "" : `L${target.line}`,
    });
  }
  const query = encodeURIComponent(JSON.stringify([target.setting]));
  return vscode.Uri.parse(`command:workbench.action.openSettings?${query}`);
}
