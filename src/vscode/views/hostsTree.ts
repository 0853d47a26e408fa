import * as vscode from "vscode";
import type { Clock } from "../../base/clock.ts";
import { type Disposable, DisposableStore } from "../../base/disposable.ts";
import type { Event } from "../../base/emitter.ts";
import { asError } from "../../base/errors.ts";
import { t } from "../../base/localize.ts";
import { type Logger, printable } from "../../base/log.ts";
import type { ConfigProblemSource, HostEntry, HostResolver } from "../../config/configPorts.ts";
import type { SessionService } from "../../session/sessionServiceTypes.ts";
import { configHover } from "../../text/configWarningText.ts";
import { recentGroupHover, recentGroupLabel } from "../../text/saveHostText.ts";
import { shortPath } from "../../text/valueSourceText.ts";
import { hoverText } from "../messages/messages.ts";
import { contextWords, viewIds } from "../settings/contributionIds.ts";
import type { RecentHosts } from "../settings/recentHosts.ts";
import { Coalescer } from "./coalescer.ts";
import { type HostLife, lifeByHost, presentHost, presentTypedHost } from "./hostPresentation.ts";
import type { ItemPresentation } from "./livePresentation.ts";
import { rowClick } from "./rowClicks.ts";
import { type HostNode, ownNode } from "./treeNodes.ts";

const refreshDelay = 100;

/** Which hosts other extensions may use. */
export interface SharedHosts {
  isGranted(host: string): boolean;
  readonly onDidChange: Event<void>;
}

export interface HostsTreeInit {
  readonly resolver: HostResolver & ConfigProblemSource;
  readonly service: SessionService;
  readonly recent: RecentHosts;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly home: string;
  readonly access: SharedHosts;
}

/** The Hosts view: what ssh_config and the settings name, live ones marked, what is wrong with the files on top. */
export class HostsTree implements vscode.TreeDataProvider<HostNode>, Disposable {
  readonly #resolver: HostResolver & ConfigProblemSource;
  readonly #service: SessionService;
  readonly #recent: RecentHosts;
  readonly #logger: Logger;
  readonly #home: string;
  readonly #access: SharedHosts;
  readonly #store = new DisposableStore();
  readonly #changed: vscode.EventEmitter<HostNode | undefined>;
  readonly #redraw: Coalescer;
  readonly onDidChangeTreeData: vscode.Event<HostNode | undefined>;
  /** A reading that began before a refresh must not answer what is asked after it, so the promise is kept. */
  #reading: Promise<readonly HostNode[]> | undefined;
  #nodes: readonly HostNode[] = [];
  /** What is in the fold of recent hosts. */
  #typed: readonly HostNode[] = [];
  #life: ReadonlyMap<string, HostLife> = new Map();

  constructor({ resolver, service, recent, clock, logger, home, access }: HostsTreeInit) {
    this.#access = access;
    this.#resolver = resolver;
    this.#service = service;
    this.#recent = recent;
    this.#logger = logger;
    this.#home = home;
    this.#changed = this.#store.add(new vscode.EventEmitter<HostNode | undefined>());
    this.onDidChangeTreeData = this.#changed.event;
    this.#redraw = this.#store.add(new Coalescer(clock, refreshDelay, () => this.#markLive()));
    this.#store.add(service.onDidChange(() => this.#redraw.request()));
    this.#store.add(resolver.onDidChange(() => this.refresh()));
    this.#store.add(access.onDidChange(() => this.#changed.fire(undefined)));
    this.#store.add(recent.onDidChange(() => this.#changed.fire(undefined)));
    this.#store.add(vscode.window.createTreeView(viewIds.hosts, { treeDataProvider: this }));
  }

  /** Reads the hosts anew. */
  refresh(): void {
    this.#reading = undefined;
    this.#changed.fire(undefined);
  }

  async getChildren(element?: HostNode): Promise<HostNode[]> {
    if (element !== undefined) {
      return element.kind === "recentHosts" ? [...this.#typed] : [];
    }
    this.#reading ??= this.#read();
    const nodes = await this.#reading;
    const listed = new Set(nodes.flatMap((node) => (node.kind === "host" ? [node.entry.alias] : [])));
    this.#typed = this.#recent.typed(listed).map((spec): HostNode => ownNode({ kind: "recentHost", spec }));
    const problems = nodes.filter(({ kind }) => kind === "problem");
    const hosts = nodes.filter(({ kind }) => kind !== "problem");
    this.#nodes = [...problems, ...(this.#typed.length === 0 ? [] : [recentNode]), ...hosts];
    this.#life = lifeByHost(this.#service.masters());
    return [...this.#nodes];
  }

  getTreeItem(element: HostNode): vscode.TreeItem {
    switch (element.kind) {
      case "problem":
        return this.#problemItem(element);
      case "host":
        return this.#hostItem(element, element.entry.alias, this.#presentHost(element.entry));
      case "recentHost":
        return this.#hostItem(element, `typed ${element.spec}`, this.#presentTyped(element.spec));
      case "recentHosts":
        return recentItem();
    }
  }

  /** The hover, made when it opens: what the files ask for and is not honoured takes a reading of them. */
  async resolveTreeItem(item: vscode.TreeItem, element: HostNode): Promise<vscode.TreeItem> {
    if (element.kind === "host" || element.kind === "recentHost") {
      const isListed = element.kind === "host";
      const warnings = await this.#resolver
        .warnings(isListed ? element.entry.alias : element.spec)
        .catch(() => []);
      const { hover } = isListed ? this.#presentHost(element.entry) : this.#presentTyped(element.spec);
      const notes = configHover(warnings, this.#home);
      item.tooltip = hoverText(notes === "" ? hover : `${hover}\n\n---\n\n${notes}`);
    }
    return item;
  }

  dispose(): void {
    this.#store.dispose();
  }

  async #read(): Promise<readonly HostNode[]> {
    try {
      const { hosts, problems } = await this.#resolver.hosts();
      return [
        ...problems.map((problem): HostNode => ownNode({ kind: "problem", problem })),
        ...hosts.map((entry): HostNode => ownNode({ kind: "host", entry })),
      ];
    } catch (error) {
      this.#logger.error("The hosts can't be read", error);
      return [ownNode({ kind: "problem", problem: { file: "", message: asError(error).message } })];
    }
  }

  /** Only those items whose mark changed: the list itself comes from the files. */
  #markLive(): void {
    const before = this.#life;
    this.#life = lifeByHost(this.#service.masters());
    for (const node of [...this.#nodes, ...this.#typed]) {
      const host =
        node.kind === "host" ? node.entry.alias : node.kind === "recentHost" ? node.spec : undefined;
      if (host !== undefined && JSON.stringify(before.get(host)) !== JSON.stringify(this.#life.get(host))) {
        this.#changed.fire(node);
      }
    }
  }

  #presentTyped(spec: string): ItemPresentation {
    return presentTypedHost(spec, this.#life.get(spec), this.#access.isGranted(spec));
  }

  #presentHost(entry: HostEntry): ItemPresentation {
    const { alias } = entry;
    return presentHost(entry, this.#life.get(alias), this.#home, this.#access.isGranted(alias));
  }

  #hostItem(element: HostNode, id: string, presentation: ItemPresentation): vscode.TreeItem {
    const item = new vscode.TreeItem(presentation.label);
    item.id = `host:${id}`;
    item.description = presentation.description;
    item.contextValue = presentation.contextValue;
    item.iconPath = new vscode.ThemeIcon(
      presentation.icon.id,
      presentation.icon.color === undefined ? undefined : new vscode.ThemeColor(presentation.icon.color),
    );
    item.accessibilityInformation = { label: presentation.accessibleLabel };
    item.command = {
      command: "sshSessions.openTerminal",
      title: t("Open Terminal"),
      arguments: [element, rowClick],
    };
    return item;
  }

  #problemItem(element: Extract<HostNode, { kind: "problem" }>): vscode.TreeItem {
    const { problem } = element;
    const item = new vscode.TreeItem(printable(problem.message));
    const file = printable(shortPath(problem.file, this.#home));
    item.description = problem.line === undefined ? file : t("{0} line {1}", file, problem.line);
    item.iconPath = new vscode.ThemeIcon("warning", new vscode.ThemeColor("list.warningForeground"));
    item.tooltip = `${printable(problem.message)}\n${item.description}`;
    if (problem.file !== "") {
      item.command = {
        command: "sshSessions.openConfigFile",
        title: t("Open SSH Config File"),
        arguments: [element],
      };
    }
    return item;
  }
}

const recentNode: HostNode = ownNode({ kind: "recentHosts" });

function recentItem(): vscode.TreeItem {
  const item = new vscode.TreeItem(recentGroupLabel(), vscode.TreeItemCollapsibleState.Expanded);
  item.id = "recent";
  item.contextValue = contextWords.recentHosts;
  item.iconPath = new vscode.ThemeIcon("history");
  item.tooltip = recentGroupHover();
  return item;
}
