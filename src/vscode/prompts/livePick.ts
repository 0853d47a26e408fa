import * as vscode from "vscode";
import type { Clock } from "../../base/clock.ts";
import { t } from "../../base/localize.ts";
import type { MasterSnapshot } from "../../session/masterSnapshotTypes.ts";
import type { SessionService } from "../../session/sessionServiceTypes.ts";
import { plainMessage } from "../../text/plainMessage.ts";
import { inform, pickOne } from "../messages/messages.ts";
import { isLimited, isLive, presentMaster, presentSession } from "../views/livePresentation.ts";
import type { ItemPresentation } from "../views/row.ts";
import { themeIcon } from "../views/treeItem.ts";

interface LiveItem extends vscode.QuickPickItem {
  /** The id of a connection or a session. Undefined for separators. */
  readonly live?: string;
}

export type LiveChoice = "sessions" | "limited" | "all";

/** Asks for a live connection or session. */
export class LivePick {
  readonly #service: SessionService;
  readonly #clock: Clock;
  readonly #home: string;

  constructor(service: SessionService, clock: Clock, home: string) {
    this.#service = service;
    this.#clock = clock;
    this.#home = home;
  }

  /**
   * @param what `sessions`: only sessions with a terminal; `limited`: those that have a limit; `all`: connections and all
   *   their sessions.
   * @returns the id of the connection or the session; undefined when dismissed, or when there is none, which a
   *   message says.
   */
  async ask(title: string, what: LiveChoice): Promise<string | undefined> {
    const items = this.#items(what);
    if (items.length === 0) {
      inform(what === "limited" ? t("No session has a limit.") : t("No SSH session is open."));
      return undefined;
    }
    const chosen = await pickOne(items, {
      title,
      placeHolder: what === "all" ? t("Choose a connection or a session") : t("Choose a session"),
      matchOnDescription: true,
    });
    return chosen?.live;
  }

  /** Asks for one of several connections. */
  async askConnection(
    title: string,
    masters: readonly MasterSnapshot[],
  ): Promise<MasterSnapshot | undefined> {
    const now = this.#clock.now();
    const items = masters.map((master) => ({
      ...liveItem(presentMaster(master, now, this.#home), master.id),
      master,
    }));
    const chosen = await pickOne(items, {
      title,
      placeHolder: t("Choose a connection"),
      matchOnDescription: true,
    });
    return chosen?.master;
  }

  /** Grouped by connection, whose name is the group's. */
  #items(what: LiveChoice): readonly LiveItem[] {
    const now = this.#clock.now();
    return this.#service.masters().flatMap((master): readonly LiveItem[] => {
      const shown = presentMaster(master, now, this.#home);
      const sessions = master.sessions
        .filter(
          (session) =>
            session.state.kind !== "ended" &&
            (what === "all" || (what === "limited" ? isLimited(session) : session.kind === "terminal")),
        )
        .map((session) => liveItem(presentSession(session, master, now, this.#home), session.id));
      const own =
        what === "all" && isLive(master.state)
          ? [liveItem({ ...shown, label: t("Connection to {0}", shown.label) }, master.id)]
          : [];
      const group = [...own, ...sessions];
      return group.length === 0
        ? []
        : [{ label: shown.label, kind: vscode.QuickPickItemKind.Separator }, ...group];
    });
  }
}

function liveItem(presentation: ItemPresentation, live: string): LiveItem {
  return {
    label: plainMessage(presentation.label),
    description: plainMessage(presentation.description),
    iconPath: themeIcon(presentation.icon),
    live,
  };
}
