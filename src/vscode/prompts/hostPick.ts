import * as vscode from "vscode";
import { asError } from "../../base/errors.ts";
import { t } from "../../base/localize.ts";
import { type Logger, printable } from "../../base/log.ts";
import type { HostEntry, HostResolver } from "../../config/configPorts.ts";
import { parseTypedHost } from "../../config/typedHost.ts";
import type { SessionService } from "../../session/sessionServiceTypes.ts";
import {
  connectToTyped,
  noHostsToChoose,
  noHostsYet,
  openConfigFileChoice,
  typedRefusal,
} from "../../text/hostPickText.ts";
import { shownText } from "../../text/plainMessage.ts";
import { noTypedHosts } from "../../text/saveHostText.ts";
import { openFileAt } from "../documents/openFile.ts";
import { inform, pickMany, pickOne, plainItem } from "../messages/messages.ts";
import { keepOrder } from "../messages/newerApi.ts";
import type { CommandId } from "../settings/contributionIds.ts";
import type { RecentHosts } from "../settings/recentHosts.ts";
import { type HostLife, lifeByHost } from "../views/hostPresentation.ts";
import type { ItemPresenter } from "../views/itemPresenter.ts";
import { themeIcon } from "../views/treeItem.ts";
import { hostGroups, withTyped } from "./hostPickItems.ts";

interface HostItem extends vscode.QuickPickItem {
  readonly host?: string;
  readonly entry?: HostEntry;
  /** Its host is the text in the box. */
  readonly isTyped?: boolean;
  /** Opens the file that defines hosts. */
  readonly opensConfig?: boolean;
}

export interface HostPickOptions {
  /** Hosts of the terminal profile. */
  readonly preferred?: readonly string[];
  /** The host of the active terminal. */
  readonly near?: string | undefined;
  readonly token?: vscode.CancellationToken;
}

/** Asks for hosts: listed ones, or typed ones (`user@host:port`). They look the same in all its lists. */
export class HostPick {
  readonly #resolver: HostResolver;
  readonly #service: SessionService;
  readonly #recent: RecentHosts;
  readonly #itemPresenter: ItemPresenter;
  readonly #logger: Logger;

  constructor(
    resolver: HostResolver,
    service: SessionService,
    recent: RecentHosts,
    itemPresenter: ItemPresenter,
    logger: Logger,
  ) {
    this.#resolver = resolver;
    this.#service = service;
    this.#recent = recent;
    this.#itemPresenter = itemPresenter;
    this.#logger = logger;
  }

  /** @returns undefined when the user dismissed it, or `token` was cancelled. */
  async ask(
    title: string,
    { preferred = [], near, token }: HostPickOptions = {},
  ): Promise<string | undefined> {
    const pick = vscode.window.createQuickPick<HostItem>();
    pick.title = shownText(title);
    pick.placeholder = t("Choose a host, or type user@host:port");
    pick.matchOnDescription = true;
    pick.busy = true;
    keepOrder(pick);
    const cancelled = token?.onCancellationRequested(() => pick.hide());
    const answer = new Promise<string | undefined>((resolve) => {
      let chosen: string | undefined;
      pick.onDidAccept(() => {
        const [item] = pick.selectedItems;
        if (item?.opensConfig === true) {
          pick.hide();
          void vscode.commands.executeCommand("sshSessions.openConfigFile" satisfies CommandId);
          return;
        }
        const typed = parseTypedHost(pick.value);
        // After fast typing, the row may still be that of a shorter text.
        const own = typed.kind === "host" ? typed.spec : undefined;
        chosen = item === undefined || item.isTyped === true ? own : item.host;
        if (chosen !== undefined) {
          pick.hide();
        }
      });
      pick.onDidTriggerItemButton(({ item: { entry } }) => {
        if (entry?.file !== undefined) {
          pick.hide();
          void openFileAt(entry.file, entry.line);
        }
      });
      pick.onDidHide(() => resolve(chosen));
    });
    pick.show();
    try {
      // Shown before the hosts are read: with a slow file or `ssh`, the key press must not seem lost.
      const listed = await this.#items(preferred, near);
      const render = (): void => {
        const typed = pick.value.trim();
        const items =
          typed === "" && listed.length === 0 ? emptyItems() : withTyped(listed, typed, typedItems);
        pick.items = items.map(plainItem);
      };
      pick.onDidChangeValue(render);
      render();
      pick.busy = false;
      return await answer;
    } finally {
      cancelled?.dispose();
      pick.dispose();
    }
  }

  /** Asks for one of the hosts that were typed and are listed nowhere. Undefined: dismissed, or there is none. */
  async askTyped(title: string): Promise<string | undefined> {
    const { entries, life } = await this.#known();
    const typed = this.#recent.typed(new Set(entries.map(({ alias }) => alias)));
    if (typed.length === 0) {
      inform(noTypedHosts());
      return undefined;
    }
    const items = typed.map((host) => this.#item(host, undefined, life.get(host)));
    return (await pickOne(items, { title }))?.host;
  }

  /**
   * Asks for one host or several: those with a connection come first.
   * @returns undefined when the user dismissed it or chose none.
   */
  async askSeveral(title: string, near?: string): Promise<readonly string[] | undefined> {
    const { entries, life } = await this.#known();
    const byAlias = new Map(entries.map((entry) => [entry.alias, entry]));
    const first = near === undefined ? [] : [near];
    const all = [...new Set([...first, ...life.keys(), ...this.#recent.list(), ...byAlias.keys()])];
    if (all.length === 0) {
      inform(noHostsToChoose());
      return undefined;
    }
    const chosen = await pickMany(
      all.map((host) => this.#item(host, byAlias.get(host), life.get(host))),
      { title, placeHolder: t("Choose one or more hosts"), matchOnDescription: true, ignoreFocusOut: true },
    );
    return chosen === undefined || chosen.length === 0 ? undefined : chosen.map(({ host }) => host);
  }

  async #known(): Promise<{
    readonly entries: readonly HostEntry[];
    readonly life: ReadonlyMap<string, HostLife>;
  }> {
    let entries: readonly HostEntry[] = [];
    try {
      entries = (await this.#resolver.hosts()).hosts;
    } catch (error) {
      // A host can still be typed.
      this.#logger.warn(`The hosts can't be read: ${printable(asError(error).message)}`);
    }
    return { entries, life: lifeByHost(this.#service.masters()) };
  }

  #item(
    host: string,
    entry: HostEntry | undefined,
    life: HostLife | undefined,
  ): vscode.QuickPickItem & { readonly host: string } {
    const { label, description, icon } = this.#itemPresenter.hostChoice(host, entry, life);
    return { label, description, iconPath: themeIcon(icon), host };
  }

  async #items(preferred: readonly string[], near: string | undefined): Promise<readonly HostItem[]> {
    const { entries, life } = await this.#known();
    const connected = [...life.keys()];
    const [recent, tried] = [this.#recent.list(), this.#recent.tried()];
    return hostGroups(entries, { near, preferred, connected, recent, tried }).flatMap(
      ({ title, choices }) => [
        { label: title, kind: vscode.QuickPickItemKind.Separator },
        ...choices.map(
          (choice): HostItem => ({
            ...this.#item(choice.host, choice.entry, life.get(choice.host)),
            ...(choice.entry === undefined ? {} : { entry: choice.entry }),
            ...(choice.entry?.file === undefined
              ? {}
              : {
                  buttons: [
                    {
                      iconPath: new vscode.ThemeIcon("go-to-file"),
                      tooltip: t("Open the line in the SSH config file"),
                    },
                  ],
                }),
          }),
        ),
      ],
    );
  }
}

/** What can be done if no host is known. Choosing the first leaves the box open. */
function emptyItems(): readonly HostItem[] {
  return [
    { label: noHostsYet(), iconPath: new vscode.ThemeIcon("info") },
    { label: openConfigFileChoice(), iconPath: new vscode.ThemeIcon("go-to-file"), opensConfig: true },
  ];
}

/** The row that connects to the typed host, or says why that can't be done. */
function typedItems(text: string): readonly HostItem[] {
  const separator = { label: "typed", kind: vscode.QuickPickItemKind.Separator };
  const typed = parseTypedHost(text);
  if (typed.kind !== "host") {
    const { label, detail } = typedRefusal(typed);
    return [
      separator,
      { label, detail, iconPath: new vscode.ThemeIcon("warning"), alwaysShow: true, isTyped: true },
    ];
  }
  return [
    separator,
    {
      label: connectToTyped(printable(typed.spec)),
      iconPath: new vscode.ThemeIcon("add"),
      alwaysShow: true,
      host: typed.spec,
      isTyped: true,
    },
  ];
}
