import * as vscode from "vscode";
import { t } from "../../base/localize.ts";
import type { MasterSnapshot } from "../../session/masterSnapshotTypes.ts";
import type { SessionService } from "../../session/sessionServiceTypes.ts";
import { inform, pickOne } from "../messages/messages.ts";
import type { ItemPresenter } from "../views/itemPresenter.ts";
import type { ItemPresentation } from "../views/row.ts";
import type { Target } from "../views/targets.ts";
import { themeIcon } from "../views/treeItem.ts";
import { type LiveChoice, liveChoices } from "./liveChoices.ts";

interface LiveItem extends vscode.QuickPickItem {
  /** The id of a connection or a session. Undefined for separators. */
  readonly live?: string;
}

/** Asks for a live connection or session. */
export class LivePick {
  readonly #service: SessionService;
  readonly #itemPresenter: ItemPresenter;

  constructor(service: SessionService, itemPresenter: ItemPresenter) {
    this.#service = service;
    this.#itemPresenter = itemPresenter;
  }

  /**
   * @param near targets of the active terminal, listed first
   * @returns the id of the connection or the session; undefined if dismissed, or if there is none, which a message
   * reports
   */
  async ask(title: string, what: LiveChoice, near: readonly Target[]): Promise<string | undefined> {
    const choices = liveChoices(this.#service.masters(), what, near, this.#itemPresenter);
    if (choices.groups.length === 0) {
      inform(what === "limited" ? t("No session has a limit.") : t("No SSH session is open."));
      return undefined;
    }
    const items = choices.groups.flatMap(({ label, rows }): readonly LiveItem[] => [
      { label, kind: vscode.QuickPickItemKind.Separator },
      ...rows.map(({ id, shown }) => liveItem(shown, id)),
    ]);
    const chosen = await pickOne(
      items,
      {
        title,
        placeHolder: what === "all" ? t("Choose a connection or a session") : t("Choose a session"),
        matchOnDescription: true,
      },
      choices.startsSelected ? "first" : "none",
    );
    return chosen?.live;
  }

  /** Asks for one of several connections. */
  async askConnection(
    title: string,
    masters: readonly MasterSnapshot[],
  ): Promise<MasterSnapshot | undefined> {
    const items = masters.map((master) => ({
      ...liveItem(this.#itemPresenter.connection(master), master.id),
      master,
    }));
    const chosen = await pickOne(items, {
      title,
      placeHolder: t("Choose a connection"),
      matchOnDescription: true,
    });
    return chosen?.master;
  }
}

function liveItem(presentation: ItemPresentation, live: string): LiveItem {
  return {
    label: presentation.label,
    description: presentation.description,
    iconPath: themeIcon(presentation.icon),
    live,
  };
}
