import * as vscode from "vscode";
import type { Clock } from "../../base/clock.ts";
import { type Disposable, DisposableStore } from "../../base/disposable.ts";
import { asError } from "../../base/errors.ts";
import { type Logger, printable } from "../../base/log.ts";
import type { ConfigProblem, ConfigProblemSource, HostResolver } from "../../config/configPorts.ts";
import type { SessionService } from "../../session/sessionServiceTypes.ts";
import { configHover } from "../../text/configWarningText.ts";
import { shortPath } from "../../text/valueSourceText.ts";
import { viewIds } from "../settings/contributionIds.ts";
import { Coalescer } from "./coalescer.ts";
import { type HostLife, lifeByHost, presentHost } from "./hostPresentation.ts";
import type { HostNode } from "./treeNodes.ts";

const refreshDelay = 100;

/** The Hosts view: what ssh_config and the settings name, live ones marked, what is wrong with the files on top. */
export class HostsTree implements vscode.TreeDataProvider<HostNode>, Disposable {
  readonly #resolver: HostResolver & ConfigProblemSource;
  readonly #service: SessionService;
  readonly #logger: Logger;
  readonly #home: string;
  readonly #store = new DisposableStore();
  readonly #changed: vscode.EventEmitter<HostNode | undefined>;
  readonly #redraw: Coalescer;
  readonly onDidChangeTreeData: vscode.Event<HostNode | undefined>;
  /** A reading that began before a refresh must not answer what is asked after it, so the promise is kept. */
  #reading: Promise<readonly HostNode[]> | undefined;
  #nodes: readonly HostNode[] = [];
  #life: ReadonlyMap<string, HostLife> = new Map();

  constructor(
    resolver: HostResolver & ConfigProblemSource,
    service: SessionService,
    clock: Clock,
    logger: Logger,
    home: string,
  ) {
    this.#resolver = resolver;
    this.#service = service;
    this.#logger = logger;
    this.#home = home;
    this.#changed = this.#store.add(new vscode.EventEmitter<HostNode | undefined>());
    this.onDidChangeTreeData = this.#changed.event;
    this.#redraw = this.#store.add(new Coalescer(clock, refreshDelay, () => this.#markLive()));
    this.#store.add(service.onDidChange(() => this.#redraw.request()));
    this.#store.add(resolver.onDidChange(() => this.refresh()));
    this.#store.add(vscode.window.createTreeView(viewIds.hosts, { treeDataProvider: this }));
  }

  /** Reads the hosts anew. */
  refresh(): void {
    this.#reading = undefined;
    this.#changed.fire(undefined);
  }

  async getChildren(element?: HostNode): Promise<HostNode[]> {
    if (element !== undefined) {
      return [];
    }
    this.#reading ??= this.#read();
    const nodes = await this.#reading;
    this.#nodes = nodes;
    this.#life = lifeByHost(this.#service.masters());
    return [...nodes];
  }

  getTreeItem(element: HostNode): vscode.TreeItem {
    return element.kind === "problem" ? this.#problemItem(element.problem) : this.#hostItem(element);
  }

  /** The hover, made when it opens: what the files ask for and is not honoured takes a reading of them. */
  async resolveTreeItem(item: vscode.TreeItem, element: HostNode): Promise<vscode.TreeItem> {
    if (element.kind === "host") {
      const { alias } = element.entry;
      const warnings = await this.#resolver.warnings(alias).catch(() => []);
      const { hover } = presentHost(element.entry, this.#life.get(alias), this.#home);
      const notes = configHover(warnings, this.#home);
      item.tooltip = new vscode.MarkdownString(notes === "" ? hover : `${hover}\n\n---\n\n${notes}`, true);
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
        ...problems.map((problem): HostNode => ({ kind: "problem", problem })),
        ...hosts.map((entry): HostNode => ({ kind: "host", entry })),
      ];
    } catch (error) {
      this.#logger.error("The hosts can't be read", error);
      return [{ kind: "problem", problem: { file: "", message: asError(error).message } }];
    }
  }

  /** Only those items whose mark changed: the list itself comes from the files. */
  #markLive(): void {
    const before = this.#life;
    this.#life = lifeByHost(this.#service.masters());
    for (const node of this.#nodes) {
      if (
        node.kind === "host" &&
        JSON.stringify(before.get(node.entry.alias)) !== JSON.stringify(this.#life.get(node.entry.alias))
      ) {
        this.#changed.fire(node);
      }
    }
  }

  #hostItem(element: Extract<HostNode, { kind: "host" }>): vscode.TreeItem {
    const presentation = presentHost(element.entry, this.#life.get(element.entry.alias), this.#home);
    const item = new vscode.TreeItem(presentation.label);
    item.id = `host:${element.entry.alias}`;
    item.description = presentation.description;
    item.contextValue = presentation.contextValue;
    item.iconPath = new vscode.ThemeIcon(
      presentation.icon.id,
      presentation.icon.color === undefined ? undefined : new vscode.ThemeColor(presentation.icon.color),
    );
    item.accessibilityInformation = { label: presentation.accessibleLabel };
    item.command = { command: "sshSessions.openTerminal", title: "Open Terminal", arguments: [element] };
    return item;
  }

  #problemItem(problem: ConfigProblem): vscode.TreeItem {
    const item = new vscode.TreeItem(printable(problem.message));
    const file = printable(shortPath(problem.file, this.#home));
    item.description = problem.line === undefined ? file : `${file} line ${problem.line}`;
    item.iconPath = new vscode.ThemeIcon("warning", new vscode.ThemeColor("list.warningForeground"));
    item.tooltip = `${printable(problem.message)}\n${item.description}`;
    if (problem.file !== "") {
      item.command = {
        command: "sshSessions.openConfigFile",
        title: "Open SSH Config File",
        arguments: [{ kind: "problem", problem } satisfies HostNode],
      };
    }
    return item;
  }
}
