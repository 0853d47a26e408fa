import * as vscode from "vscode";
import { type Disposable, DisposableStore } from "../../base/disposable.ts";
import type { Event } from "../../base/emitter.ts";
import { t } from "../../base/localize.ts";
import { printable } from "../../base/log.ts";
import type { SettingsFolder } from "../../config/configPorts.ts";
import { explainHost } from "../../text/explainHost.ts";
import type { LinkedText } from "../../text/linkedText.ts";
import { type ExplanationSources, gatherExplanation } from "./gatherExplanation.ts";
import { LinkedDocuments } from "./linkedDocuments.ts";

const scheme = "ssh-host";

/** Documents that explain hosts, one per host and folder. Open documents are updated when files and settings change. */
export class HostDocuments implements Disposable {
  readonly #sources: ExplanationSources;
  readonly #store = new DisposableStore();
  readonly #documents: LinkedDocuments;
  /** The folders whose settings apply, by the document's URI. */
  readonly #folders = new Map<string, SettingsFolder>();
  readonly #abort = new AbortController();

  constructor(sources: ExplanationSources & { readonly onDidChangeConfig: Event<void> }) {
    this.#sources = sources;
    this.#documents = this.#store.add(
      new LinkedDocuments({ scheme, home: sources.home, read: (uri) => this.#explain(uri) }),
    );
    this.#store.add(sources.onDidChangeConfig(() => this.#documents.refresh()));
  }

  /** @throws ConfigError where the host can't be resolved; no document is opened then. */
  async show(host: string, folder?: SettingsFolder): Promise<void> {
    if (folder !== undefined) {
      this.#folders.set(folder.uri, folder);
    }
    const name = printable(host).replace(/[/\\\s]+/g, " ");
    await this.#documents.show(
      vscode.Uri.from({
        ...{ scheme, path: t("Host {0}", name), query: host },
        ...(folder && { fragment: folder.uri }),
      }),
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
