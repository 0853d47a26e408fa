import * as vscode from "vscode";
import type { Clock } from "../../base/clock.ts";
import { type Disposable, DisposableStore } from "../../base/disposable.ts";
import { t } from "../../base/localize.ts";
import { printable } from "../../base/log.ts";
import type { SessionService } from "../../session/sessionServiceTypes.ts";
import { connectionSections, reportText, sessionSections } from "../../text/sessionDetails.ts";

const scheme = "ssh-session-details";
/** Milliseconds between updates of a visible document. */
const updateInterval = 1000;

/** Read-only documents with the details of a session or a connection as text, updated while they are visible. */
export class SessionDetailsDocuments implements vscode.TextDocumentContentProvider, Disposable {
  readonly #service: SessionService;
  readonly #clock: Clock;
  readonly #store = new DisposableStore();
  readonly #changed: vscode.EventEmitter<vscode.Uri>;
  readonly onDidChange: vscode.Event<vscode.Uri>;
  /** The last shown text, by session: an ended session stays readable while its document is open. */
  readonly #last = new Map<string, string>();
  #timer: Disposable | undefined;

  constructor(service: SessionService, clock: Clock) {
    this.#service = service;
    this.#clock = clock;
    this.#changed = this.#store.add(new vscode.EventEmitter<vscode.Uri>());
    this.onDidChange = this.#changed.event;
    this.#store.add(vscode.workspace.registerTextDocumentContentProvider(scheme, this));
    this.#store.add(vscode.window.onDidChangeVisibleTextEditors(() => this.#schedule()));
    this.#store.add(
      vscode.workspace.onDidCloseTextDocument(({ uri }) => {
        if (uri.scheme === scheme) {
          this.#last.delete(uri.query);
        }
      }),
    );
  }

  /** @param id of a session or a connection. */
  async show(id: string): Promise<void> {
    const title =
      this.#service.session(id)?.snapshot().title ??
      this.#service.history().find((ended) => ended.id === id)?.title ??
      this.#service.masters().find((master) => master.id === id)?.spec ??
      id;
    const uri = vscode.Uri.from({
      scheme,
      path: t("{0} details", printable(title).replace(/[/\\]/g, "-")),
      query: id,
    });
    await vscode.window.showTextDocument(uri, { preview: true });
    this.#schedule();
  }

  provideTextDocumentContent({ query }: vscode.Uri): string {
    return this.text(query);
  }

  /** @param id of a session or a connection. */
  text(id: string): string {
    const now = this.#clock.now();
    const masters = this.#service.masters();
    const connection = masters.find((master) => master.id === id);
    const session =
      this.#service.session(id)?.snapshot() ?? this.#service.history().find((ended) => ended.id === id);
    if (session === undefined && connection === undefined) {
      return this.#last.get(id) ?? t("No longer available.");
    }
    const carrier = masters.find((master) => master.id === session?.masterId);
    const text = reportText(
      session === undefined
        ? connection === undefined
          ? []
          : connectionSections(connection, now)
        : sessionSections(session, this.#service.channelDetails(id), carrier, now),
    );
    this.#last.set(id, text);
    return text;
  }

  dispose(): void {
    this.#timer?.dispose();
    this.#store.dispose();
  }

  #schedule(): void {
    this.#timer?.dispose();
    this.#timer = undefined;
    const visible = vscode.window.visibleTextEditors.map(({ document }) => document.uri);
    const ours = visible.filter((uri) => uri.scheme === scheme);
    if (ours.length === 0) {
      return;
    }
    this.#timer = this.#clock.setTimeout(() => {
      for (const uri of ours) {
        this.#changed.fire(uri);
      }
      this.#schedule();
    }, updateInterval);
  }
}
