import * as vscode from "vscode";
import type { Clock } from "../base/clock.ts";
import { type Disposable, DisposableStore } from "../base/disposable.ts";
import type { MasterSnapshot, SessionService } from "../session/sessionTypes.ts";
import { Coalescer } from "./coalescer.ts";
import { viewIds } from "./contributionIds.ts";
import { presentEnded, presentHistory } from "./historyPresentation.ts";
import { plural } from "./humanText.ts";
import { type ItemPresentation, isLive, presentMaster, presentSession } from "./livePresentation.ts";
import type { LiveNode } from "./treeNodes.ts";

const refreshDelay = 50;
const tickInterval = 1000;

/**
 * The Live view: masters, below each its sessions. A view over snapshots; what it remembers is only which element object
 * stands for which id (VS Code knows elements by identity) and what it has shown last, so that a tick redraws only what
 * reads differently now.
 */
export class LiveTree implements vscode.TreeDataProvider<LiveNode>, Disposable {
  readonly #service: SessionService;
  readonly #clock: Clock;
  readonly #home: string;
  readonly #store = new DisposableStore();
  readonly #changed: vscode.EventEmitter<LiveNode | undefined>;
  readonly #view: vscode.TreeView<LiveNode>;
  readonly #refresh: Coalescer;
  readonly onDidChangeTreeData: vscode.Event<LiveNode | undefined>;
  #nodes = new Map<string, LiveNode>();
  #shown = new Map<string, string>();
  #tick: Disposable | undefined;

  constructor(service: SessionService, clock: Clock, home: string) {
    this.#service = service;
    this.#clock = clock;
    this.#home = home;
    this.#changed = this.#store.add(new vscode.EventEmitter<LiveNode | undefined>());
    this.onDidChangeTreeData = this.#changed.event;
    this.#refresh = this.#store.add(new Coalescer(clock, refreshDelay, () => this.#update()));
    this.#view = this.#store.add(vscode.window.createTreeView(viewIds.live, { treeDataProvider: this }));
    this.#store.add(service.onDidChange(() => this.#refresh.request()));
    this.#store.add(this.#view.onDidChangeVisibility(() => this.#schedule()));
    this.#update();
  }

  getChildren(element?: LiveNode): LiveNode[] {
    const masters = this.#service.masters();
    if (element === undefined) {
      const live = masters.map(({ id }) => this.#node(id));
      return this.#service.history().length === 0 ? live : [...live, historyNode];
    }
    if (element.kind === "history") {
      return this.#service.history().map(({ id }) => this.#endedNode(id));
    }
    const master = masters.find(({ id }) => id === element.id);
    return master?.sessions.map(({ id }) => this.#node(id, master.id)) ?? [];
  }

  getParent(element: LiveNode): LiveNode | undefined {
    switch (element.kind) {
      case "session":
        return this.#node(element.masterId);
      case "endedSession":
        return historyNode;
      case "master":
      case "history":
        return undefined;
    }
  }

  getTreeItem(element: LiveNode): vscode.TreeItem {
    const found = this.#find(element);
    const item = new vscode.TreeItem(found?.presentation.label ?? "");
    item.id = element.kind === "endedSession" ? `ended ${element.id}` : element.id;
    if (found === undefined) {
      return item;
    }
    const { presentation, collapsible } = found;
    item.description = presentation.description;
    item.contextValue = presentation.contextValue;
    item.iconPath = new vscode.ThemeIcon(
      presentation.icon.id,
      presentation.icon.color === undefined ? undefined : new vscode.ThemeColor(presentation.icon.color),
    );
    item.tooltip = new vscode.MarkdownString(presentation.hover, true);
    item.accessibilityInformation = { label: presentation.accessibleLabel };
    item.collapsibleState = collapsible;
    if (element.kind === "session" && presentation.contextValue.includes("terminal")) {
      item.command = {
        command: "sshSessions.revealTerminal",
        title: "Reveal Terminal",
        arguments: [element],
      };
    }
    return item;
  }

  dispose(): void {
    this.#tick?.dispose();
    this.#store.dispose();
  }

  #node(id: string, masterId?: string): LiveNode {
    const known = this.#nodes.get(id);
    if (known?.kind === "master" || (known?.kind === "session" && known.masterId === masterId)) {
      return known;
    }
    const node: LiveNode =
      masterId === undefined ? { kind: "master", id } : { kind: "session", id, masterId };
    this.#nodes.set(id, node);
    return node;
  }

  #endedNode(id: string): LiveNode {
    const key = `ended ${id}`;
    const known = this.#nodes.get(key);
    if (known !== undefined) {
      return known;
    }
    const node: LiveNode = { kind: "endedSession", id };
    this.#nodes.set(key, node);
    return node;
  }

  #find(
    element: LiveNode,
  ):
    | { readonly presentation: ItemPresentation; readonly collapsible: vscode.TreeItemCollapsibleState }
    | undefined {
    const { Collapsed, Expanded, None } = vscode.TreeItemCollapsibleState;
    const masters = this.#service.masters();
    const now = this.#clock.now();
    if (element.kind === "history") {
      return { presentation: presentHistory(this.#service.history()), collapsible: Collapsed };
    }
    if (element.kind === "endedSession") {
      const ended = this.#service.history().find(({ id }) => id === element.id);
      return ended === undefined ? undefined : { presentation: presentEnded(ended, now), collapsible: None };
    }
    if (element.kind === "master") {
      const master = masters.find(({ id }) => id === element.id);
      return master === undefined
        ? undefined
        : {
            presentation: presentMaster(master, now, this.#home),
            collapsible: master.sessions.length > 0 ? Expanded : None,
          };
    }
    const master = masters.find(({ id }) => id === element.masterId);
    const session = master?.sessions.find(({ id }) => id === element.id);
    return session === undefined
      ? undefined
      : { presentation: presentSession(session, master, now), collapsible: None };
  }

  /** Redraws what changed: an item alone, or everything when items came, went or moved. */
  #update(): void {
    const masters = this.#service.masters();
    const now = this.#clock.now();
    const shown = new Map<string, string>();
    const history = this.#service.history();
    shown.set("", `${structure(masters)} ${history.map(({ id }) => id).join(" ")}`);
    for (const ended of history) {
      shown.set(`ended ${ended.id}`, reading(presentEnded(ended, now)));
    }
    for (const master of masters) {
      shown.set(master.id, reading(presentMaster(master, now, this.#home)));
      for (const session of master.sessions) {
        shown.set(session.id, reading(presentSession(session, master, now)));
      }
    }
    const before = this.#shown;
    this.#shown = shown;
    if (before.get("") !== shown.get("")) {
      this.#nodes = new Map([...this.#nodes].filter(([id]) => shown.has(id)));
      this.#changed.fire(undefined);
    } else {
      for (const [id, text] of shown) {
        const node = this.#nodes.get(id);
        if (node !== undefined && before.get(id) !== text) {
          this.#changed.fire(node);
        }
      }
    }
    const sessions = masters.reduce((sum, master) => sum + liveSessions(master), 0);
    this.#view.badge =
      sessions === 0 ? undefined : { value: sessions, tooltip: plural(sessions, "live SSH session") };
    this.#schedule();
  }

  /** Durations and countdowns move on only while someone can see them. */
  #schedule(): void {
    this.#tick?.dispose();
    this.#tick = undefined;
    if (this.#view.visible && this.#service.masters().length > 0) {
      this.#tick = this.#clock.setTimeout(() => this.#update(), tickInterval);
    }
  }
}

const historyNode: LiveNode = { kind: "history", id: "history" };

/** The ids and their order, as one string. */
function structure(masters: readonly MasterSnapshot[]): string {
  return masters
    .map(({ id, sessions }) => `${id}(${sessions.map((session) => session.id).join(" ")})`)
    .join(" ");
}

/** What can be read off an item without hovering; the hover is made anew whenever the item is. */
function reading(presentation: ItemPresentation): string {
  return JSON.stringify([
    presentation.label,
    presentation.description,
    presentation.icon,
    presentation.contextValue,
  ]);
}

/** Sessions of a master that have not ended. */
export function liveSessions(master: MasterSnapshot): number {
  return isLive(master.state) ? master.sessions.filter(({ state }) => state.kind !== "ended").length : 0;
}
