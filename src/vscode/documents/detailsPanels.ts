import { randomBytes } from "node:crypto";
import * as vscode from "vscode";
import type { Clock } from "../../base/clock.ts";
import { type Disposable, DisposableStore } from "../../base/disposable.ts";
import { t } from "../../base/localize.ts";
import { printable } from "../../base/log.ts";
import { ConnectionTrail } from "../../session/connectionTrail.ts";
import { DetailsHistory } from "../../session/detailsHistory.ts";
import type { SessionService } from "../../session/sessionServiceTypes.ts";
import { detailsHtml } from "../../text/detailsHtml.ts";
import { connectionPage, sessionPage } from "../../text/detailsPage.ts";
import { type DetailsPage, isDetailsAnswer } from "../../text/detailsPageTypes.ts";
import { showBriefly } from "../messages/messages.ts";
import type { SessionDetailsDocuments } from "./sessionDetailsDocument.ts";

/** Milliseconds between samples, and between updates of a visible page. */
const sampleInterval = 1000;
/** Milliseconds for which the status bar shows "Copied". */
const copiedShown = 3000;

interface Subject {
  readonly history: DetailsHistory;
  /** Of a session, or of the connection that was asked for. */
  readonly id: string;
  /** Undefined: it is a session. */
  readonly trail: ConnectionTrail | undefined;
}

interface OpenPanel {
  readonly panel: vscode.WebviewPanel;
  readonly subject: Subject;
  /** The last shown page, which stays readable after its subject is forgotten. */
  page: DetailsPage | undefined;
}

/** Pages with the details of sessions and connections: facts, timeline and plots, updated each second while visible. */
export class DetailsPanels implements Disposable {
  readonly #service: SessionService;
  readonly #clock: Clock;
  readonly #documents: SessionDetailsDocuments;
  /** The folder with the page's script and style sheet. */
  readonly #folder: vscode.Uri;
  readonly #panels = new Set<OpenPanel>();
  readonly #store = new DisposableStore();
  #timer: Disposable | undefined;

  constructor(
    service: SessionService,
    clock: Clock,
    documents: SessionDetailsDocuments,
    extensionUri: vscode.Uri,
  ) {
    this.#service = service;
    this.#clock = clock;
    this.#documents = documents;
    this.#folder = vscode.Uri.joinPath(extensionUri, "dist");
    this.#store.add(service.onDidChange(() => this.#follow()));
  }

  /** @param id of a session or a connection. */
  show(id: string): void {
    this.#follow();
    const open = [...this.#panels].find(({ subject }) => currentId(subject) === id);
    if (open !== undefined) {
      open.panel.reveal();
      return;
    }
    const master = this.#service.masters().find((each) => each.id === id);
    const subject: Subject = {
      id,
      history: new DetailsHistory(),
      trail: master && new ConnectionTrail(master),
    };
    const page = this.#sample(subject);
    if (page === undefined) {
      return;
    }
    const panel = vscode.window.createWebviewPanel(
      "sshSessions.details",
      t("{0}: Details", printable(page.title, 60)),
      vscode.ViewColumn.Active,
      { enableScripts: true, localResourceRoots: [this.#folder], enableFindWidget: true },
    );
    const shown: OpenPanel = { panel, subject, page };
    this.#panels.add(shown);
    const store = new DisposableStore();
    store.add(panel.webview.onDidReceiveMessage((message: unknown) => void this.#onAnswer(shown, message)));
    panel.onDidDispose(() => {
      this.#panels.delete(shown);
      store.dispose();
      this.#schedule();
    });
    const file = (name: string): string =>
      panel.webview.asWebviewUri(vscode.Uri.joinPath(this.#folder, name)).toString();
    panel.webview.html = detailsHtml({
      nonce: randomBytes(18).toString("base64"),
      cspSource: panel.webview.cspSource,
      script: file("detailsView.js"),
      style: file("detailsView.css"),
    });
    this.#schedule();
  }

  dispose(): void {
    this.#store.dispose();
    this.#timer?.dispose();
    for (const { panel } of [...this.#panels]) {
      panel.dispose();
    }
  }

  async #onAnswer(shown: OpenPanel, message: unknown): Promise<void> {
    if (!isDetailsAnswer(message)) {
      return;
    }
    const id = currentId(shown.subject);
    switch (message.kind) {
      case "ready":
        await this.#post(shown);
        return;
      case "copy":
        await vscode.env.clipboard.writeText(this.#documents.text(id));
        showBriefly(t("Details copied."), copiedShown, "copy");
        return;
      case "text":
        await this.#documents.show(id);
    }
  }

  /** Each change is noted, also between two updates: a state may last less than a second. */
  #follow(): void {
    const trails = [...this.#panels].flatMap(({ subject }) => subject.trail ?? []);
    if (trails.length === 0) {
      return;
    }
    const masters = this.#service.masters();
    for (const trail of trails) {
      const taken = new Set(trails.flatMap((other) => (other === trail ? [] : other.master.id)));
      trail.update(masters, taken, this.#clock.now());
    }
  }

  /** Takes a sample and makes the page. Undefined: the subject is forgotten. */
  #sample({ id, history, trail }: Subject): DetailsPage | undefined {
    const now = this.#clock.now();
    if (trail !== undefined) {
      const { master, past } = trail;
      history.add({ at: now, bytesIn: master.bytesIn, bytesOut: master.bytesOut });
      const ended = this.#service
        .history()
        .filter(({ masterId }) => masterId !== undefined && past.ids.has(masterId));
      return connectionPage(master, ended, history, now, past);
    }
    const masters = this.#service.masters();
    const session =
      this.#service.session(id)?.snapshot() ?? this.#service.history().find((ended) => ended.id === id);
    if (session === undefined) {
      return undefined;
    }
    const channel = this.#service.channelDetails(id);
    if (session.state.kind !== "ended") {
      history.add({
        at: now,
        bytesIn: session.bytesIn,
        bytesOut: session.bytesOut,
        localWindow: channel?.localWindow,
        remoteWindow: channel?.remoteWindow,
      });
    }
    const carrier = masters.find((each) => each.id === session.masterId);
    return sessionPage(session, channel, carrier, history, now);
  }

  #schedule(): void {
    this.#timer?.dispose();
    this.#timer = undefined;
    if (this.#panels.size > 0) {
      this.#timer = this.#clock.setTimeout(() => this.#update(), sampleInterval);
    }
  }

  #update(): void {
    // The counters of a connection change without an event.
    this.#follow();
    for (const shown of this.#panels) {
      shown.page = this.#sample(shown.subject) ?? shown.page;
      if (shown.panel.visible) {
        void this.#post(shown);
      }
    }
    this.#schedule();
  }

  async #post({ panel, page }: OpenPanel): Promise<void> {
    await panel.webview.postMessage(page);
  }
}

function currentId({ id, trail }: Subject): string {
  return trail?.master.id ?? id;
}
