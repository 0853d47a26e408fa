import * as vscode from "vscode";
import { type Disposable, DisposableStore } from "../../base/disposable.ts";
import { t } from "../../base/localize.ts";
import { printable } from "../../base/log.ts";
import type { HostResolver } from "../../config/configPorts.ts";
import { hostKeysDocument } from "../../text/hostKeysText.ts";
import type { LinkedText } from "../../text/linkedText.ts";
import { userMessage } from "../../text/userMessages.ts";
import { hostKeyRecords } from "../../trust/hostKeyRecords.ts";
import type { KnownHostsStorage } from "../../trust/knownHostsStorage.ts";
import { targetUri } from "./hostDocuments.ts";

const scheme = "ssh-known-keys";

export interface KnownKeySources {
  readonly resolver: Pick<HostResolver, "resolve">;
  readonly storage: KnownHostsStorage;
  readonly home: string;
}

/** Read-only documents of the keys that known_hosts has for a host, with links to the lines. */
export class KnownKeyDocuments
  implements vscode.TextDocumentContentProvider, vscode.DocumentLinkProvider, Disposable
{
  readonly #sources: KnownKeySources;
  readonly #store = new DisposableStore();
  readonly #changed: vscode.EventEmitter<vscode.Uri>;
  readonly onDidChange: vscode.Event<vscode.Uri>;
  /** What was shown last, by address: the links belong to exactly this text. */
  readonly #shown = new Map<string, LinkedText>();

  constructor(sources: KnownKeySources) {
    this.#sources = sources;
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

  /** @throws ConfigError, FileError: nothing is opened then. */
  async show(host: string): Promise<void> {
    const name = printable(host).replace(/[/\\\s]+/g, " ");
    const uri = vscode.Uri.from({ scheme, path: t("Host keys of {0}", name), query: host });
    this.#shown.set(uri.toString(), await this.#read(host));
    this.#changed.fire(uri);
    await vscode.window.showTextDocument(uri, { preview: true });
  }

  async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    const key = uri.toString();
    try {
      const read = await this.#read(uri.query);
      this.#shown.set(key, read);
      return read.text;
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
    this.#store.dispose();
  }

  async #read(host: string): Promise<LinkedText> {
    const { resolver, storage, home } = this.#sources;
    return hostKeysDocument(host, await hostKeyRecords(await resolver.resolve(host), storage), home);
  }
}
