import * as vscode from "vscode";
import type { Clock } from "../../base/clock.ts";
import { type Disposable, DisposableStore } from "../../base/disposable.ts";
import type { Event } from "../../base/emitter.ts";
import { plural, t } from "../../base/localize.ts";
import type { RemoteViewService } from "../../remote/remoteViewService.ts";
import type { MasterSnapshot } from "../../session/masterSnapshotTypes.ts";
import type { SessionService } from "../../session/sessionServiceTypes.ts";
import { hoverText } from "../messages/messages.ts";
import { isConnected, type RemotePolling } from "../serverView/remotePolling.ts";
import { viewIds } from "../settings/contributionIds.ts";
import { type EarlierTerminal, presentBefore } from "./beforePresentation.ts";
import { Coalescer } from "./coalescer.ts";
import { presentEnded, presentHistory } from "./historyPresentation.ts";
import { type ItemPresentation, isLive, presentMaster, presentSession } from "./livePresentation.ts";
import { RedrawPolicy, type ShownRow } from "./redrawPolicy.ts";
import {
  inShownOrder,
  presentFold,
  presentRemoteNote,
  presentRemoteSession,
  remoteNotes,
} from "./remotePresentation.ts";
import { type LiveNode, nodeKey, ownNode } from "./treeNodes.ts";

/** The terminals that were open before the window reloaded and that nobody has opened again or forgotten. */
export interface EarlierTerminals {
  readonly before: readonly EarlierTerminal[];
  readonly onDidChange: Event<void>;
}

const refreshDelay = 50;
const tickInterval = 1000;
/**
 * The Live view: masters, below each its sessions and what its server itself sees. A view over snapshots; what it remembers is only which element object
 * stands for which id (VS Code knows elements by identity) and what it has shown last, so that a tick redraws only what
 * reads differently now.
 */
export class LiveTree implements vscode.TreeDataProvider<LiveNode>, Disposable {
  readonly #service: SessionService;
  readonly #clock: Clock;
  readonly #home: string;
  readonly #remote: RemoteViewService;
  readonly #polling: RemotePolling;
  readonly #earlier: EarlierTerminals;
  readonly #store = new DisposableStore();
  readonly #changed: vscode.EventEmitter<LiveNode | undefined>;
  readonly #view: vscode.TreeView<LiveNode>;
  readonly #refresh: Coalescer;
  readonly onDidChangeTreeData: vscode.Event<LiveNode | undefined>;
  #nodes = new Map<string, LiveNode>();
  readonly #redraw = new RedrawPolicy();
  #tick: Disposable | undefined;

  constructor(
    service: SessionService,
    clock: Clock,
    home: string,
    remote: RemoteViewService,
    polling: RemotePolling,
    earlier: EarlierTerminals,
  ) {
    this.#earlier = earlier;
    this.#service = service;
    this.#clock = clock;
    this.#home = home;
    this.#remote = remote;
    this.#polling = polling;
    this.#changed = this.#store.add(new vscode.EventEmitter<LiveNode | undefined>());
    this.onDidChangeTreeData = this.#changed.event;
    this.#refresh = this.#store.add(new Coalescer(clock, refreshDelay, () => this.#update()));
    this.#view = this.#store.add(
      vscode.window.createTreeView(viewIds.live, { treeDataProvider: this, showCollapseAll: true }),
    );
    this.#store.add(service.onDidChange(() => this.#refresh.request()));
    this.#store.add(earlier.onDidChange(() => this.#refresh.request()));
    this.#store.add(remote.onDidChange(() => this.#refresh.request()));
    this.#store.add(
      this.#view.onDidChangeVisibility(({ visible }) => {
        polling.setVisible(visible);
        this.#schedule();
      }),
    );
    this.#store.add(this.#view.onDidExpandElement(({ element }) => this.#setOpen(element, true)));
    this.#store.add(this.#view.onDidCollapseElement(({ element }) => this.#setOpen(element, false)));
    polling.setVisible(this.#view.visible);
    this.#update();
  }

  getChildren(element?: LiveNode): LiveNode[] {
    const masters = this.#service.masters();
    switch (element?.kind) {
      case undefined: {
        const live = masters.map(({ id }) => this.#node({ kind: "master", id }));
        return [
          ...(this.#earlier.before.length === 0 ? [] : [beforeNode]),
          ...live,
          ...(this.#service.history().length === 0 ? [] : [historyNode]),
        ];
      }
      case "master": {
        const master = masters.find(({ id }) => id === element.id);
        return master === undefined ? [] : this.#below(master);
      }
      case "onServer":
        return this.#onServer(element.masterId);
      case "history":
        return this.#service.history().map(({ id }) => this.#node({ kind: "endedSession", id }));
      case "before":
      case "session":
      case "endedSession":
      case "remoteSession":
      case "remoteNote":
        return [];
    }
  }

  getParent(element: LiveNode): LiveNode | undefined {
    switch (element.kind) {
      case "session":
      case "onServer":
        return this.#node({ kind: "master", id: element.masterId });
      case "remoteSession":
      case "remoteNote":
        return this.#node({ kind: "onServer", masterId: element.masterId });
      case "endedSession":
        return historyNode;
      case "master":
      case "before":
      case "history":
        return undefined;
    }
  }

  getTreeItem(element: LiveNode): vscode.TreeItem {
    const found = this.#find(element);
    const item = new vscode.TreeItem(found?.presentation.label ?? "");
    item.id = nodeKey(element);
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
    item.accessibilityInformation = { label: presentation.accessibleLabel };
    item.collapsibleState = collapsible;
    if (element.kind === "session" && presentation.contextValue.includes("terminal")) {
      item.command = {
        command: "sshSessions.revealTerminal",
        title: t("Reveal Terminal"),
        arguments: [element],
      };
    }
    return item;
  }

  /** The hover, made when it opens: rows are drawn rarely, and their times and counters go on. */
  resolveTreeItem(item: vscode.TreeItem, element: LiveNode): vscode.TreeItem {
    const presentation = this.#present(element);
    if (presentation !== undefined) {
      item.tooltip = hoverText(presentation.hover);
      this.#redraw.hovered(nodeKey(element), this.#clock.now());
    }
    return item;
  }

  dispose(): void {
    this.#tick?.dispose();
    this.#store.dispose();
  }

  /** The element that stands for the same thing as `like`. A session that moved to another master has a new one. */
  #node(like: LiveNode): LiveNode {
    const key = nodeKey(like);
    const known = this.#nodes.get(key);
    const moved = known?.kind === "session" && like.kind === "session" && known.masterId !== like.masterId;
    const node = known === undefined || moved ? like : known;
    this.#nodes.set(key, node);
    return ownNode(node);
  }

  #below({ id: masterId, sessions, ...master }: MasterSnapshot): LiveNode[] {
    return [
      ...sessions.map(({ id }) => this.#node({ kind: "session", id, masterId })),
      ...(isConnected(master) ? [this.#node({ kind: "onServer", masterId })] : []),
    ];
  }

  #onServer(masterId: string): LiveNode[] {
    const snapshot = this.#remote.snapshot(masterId);
    return [
      ...inShownOrder(snapshot?.sessions ?? []).map(({ id }) =>
        this.#node({ kind: "remoteSession", id, masterId }),
      ),
      ...remoteNotes(snapshot, this.#remote.failure(masterId)).map((note) =>
        this.#node({ kind: "remoteNote", note, masterId }),
      ),
    ];
  }

  #setOpen(element: LiveNode, open: boolean): void {
    if (element.kind === "onServer") {
      this.#polling.setOpen(element.masterId, open);
      this.#refresh.request();
    }
  }

  #find(
    element: LiveNode,
  ):
    | { readonly presentation: ItemPresentation; readonly collapsible: vscode.TreeItemCollapsibleState }
    | undefined {
    const { Collapsed, Expanded, None } = vscode.TreeItemCollapsibleState;
    const presentation = this.#present(element);
    if (presentation === undefined) {
      return undefined;
    }
    switch (element.kind) {
      case "master":
        return { presentation, collapsible: this.getChildren(element).length > 0 ? Expanded : None };
      case "history":
      case "onServer":
        return { presentation, collapsible: Collapsed };
      case "before":
      case "session":
      case "endedSession":
      case "remoteSession":
      case "remoteNote":
        return { presentation, collapsible: None };
    }
  }

  #present(element: LiveNode): ItemPresentation | undefined {
    const now = this.#clock.now();
    const masterOf = (masterId: string): MasterSnapshot | undefined =>
      this.#service.masters().find(({ id }) => id === masterId);
    switch (element.kind) {
      case "master": {
        const master = masterOf(element.id);
        return master && presentMaster(master, now, this.#home);
      }
      case "session": {
        const master = masterOf(element.masterId);
        const session = master?.sessions.find(({ id }) => id === element.id);
        return session && presentSession(session, master, now, this.#home);
      }
      case "onServer":
        return presentFold(
          this.#remote.snapshot(element.masterId),
          this.#remote.failure(element.masterId),
          this.#polling.isOpen(element.masterId),
        );
      case "remoteSession": {
        const sessions = this.#remote.snapshot(element.masterId)?.sessions ?? [];
        const session = sessions.find(({ id }) => id === element.id);
        return session && presentRemoteSession(session);
      }
      case "remoteNote":
        return presentRemoteNote(element.note, this.#remote.failure(element.masterId));
      case "before":
        return presentBefore(this.#earlier.before);
      case "history":
        return presentHistory(this.#service.history());
      case "endedSession": {
        const ended = this.#service.history().find(({ id }) => id === element.id);
        return ended && presentEnded(ended, now, this.#home);
      }
    }
  }

  /** Redraws what changed: an item alone, a fold with what is in it, or everything when masters or sessions came or went. */
  #update(): void {
    const rows: ShownRow[] = [];
    const add = (node: LiveNode, children: readonly LiveNode[]): void => {
      const presentation = this.#present(node);
      const below = node.kind === "onServer" ? children.map(nodeKey).join("\n") : "";
      rows.push({
        key: nodeKey(node),
        text: `${presentation === undefined ? "" : reading(presentation)}${below}`,
        lasting: presentation?.lasting ?? "",
        counts: node.kind === "master" || node.kind === "session",
      });
      for (const child of children) {
        add(child, this.getChildren(child));
      }
    };
    for (const node of this.getChildren()) {
      add(node, this.getChildren(node));
    }
    const keys = rows.map(({ key }) => key);
    const folds = this.#service
      .masters()
      .filter(isConnected)
      .map(({ id }) => id);
    const structure = `${keys.filter((key) => !key.startsWith("server ")).join("\n")}\n${folds.join(" ")}`;
    const due = this.#redraw.next(rows, structure, this.#clock.now());
    const shown = new Set(keys);
    this.#nodes = new Map([...this.#nodes].filter(([key]) => shown.has(key)));
    if (due === "all") {
      this.#changed.fire(undefined);
    } else {
      for (const node of due.map((key) => this.#nodes.get(key)).filter((each) => each !== undefined)) {
        this.#changed.fire(node);
      }
    }
    const sessions = this.#service.masters().reduce((sum, master) => sum + liveSessions(master), 0);
    this.#view.badge =
      sessions === 0
        ? undefined
        : { value: sessions, tooltip: plural(sessions, "{0} live SSH session", "{0} live SSH sessions") };
    this.#schedule();
  }

  /** Durations and countdowns move on only while someone can see them. */
  #schedule(): void {
    this.#tick?.dispose();
    this.#tick = undefined;
    if (this.#view.visible && this.getChildren().length > 0) {
      this.#tick = this.#clock.setTimeout(() => this.#update(), tickInterval);
    }
  }
}

const beforeNode: LiveNode = ownNode({ kind: "before", id: "before" });
const historyNode: LiveNode = ownNode({ kind: "history", id: "history" });

/** What can be read off an item without hovering. */
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
