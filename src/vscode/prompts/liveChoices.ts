/** The connections and sessions from which a command lets the user choose, as plain data. No vscode. */
import { t } from "../../base/localize.ts";
import type { MasterSnapshot } from "../../session/masterSnapshotTypes.ts";
import { isLive } from "../views/connectionConditions.ts";
import type { ItemPresenter } from "../views/itemPresenter.ts";
import type { ItemPresentation } from "../views/row.ts";
import { isLimited } from "../views/sessionPresentation.ts";
import { connectionTarget, sessionTarget, type Target } from "../views/targets.ts";

/** `sessions`: those of terminals; `limited`: those that have a limit; `all`: connections and all their sessions. */
export type LiveChoice = "sessions" | "limited" | "all";

export interface LiveGroup {
  readonly label: string;
  /** `id`: of a connection or a session. */
  readonly rows: readonly { readonly id: string; readonly shown: ItemPresentation }[];
}

export interface LiveChoices {
  readonly groups: readonly LiveGroup[];
  /**
   * The first row may be selected when the list opens: Enter must not end something that the user did not choose, so
   * with `all` it is the active terminal's own.
   */
  readonly startsSelected: boolean;
}

/**
 * Grouped by connection, whose name is the group's.
 * @param near targets of the active terminal: its session, otherwise its connection, comes first
 */
export function liveChoices(
  masters: readonly MasterSnapshot[],
  what: LiveChoice,
  near: readonly Target[],
  itemPresenter: ItemPresenter,
): LiveChoices {
  const own = sessionTarget.in(near);
  const ownMaster = connectionTarget.in(near);
  const groups = nearFirst(masters, ({ id }) => id === ownMaster).flatMap((master): readonly LiveGroup[] => {
    const shown = itemPresenter.connection(master);
    const sessions = master.sessions
      .filter(
        (session) =>
          session.state.kind !== "ended" &&
          (what === "all" || (what === "limited" ? isLimited(session) : session.kind === "terminal")),
      )
      .map((session) => ({ id: session.id, shown: itemPresenter.session(session, master) }));
    const connection =
      what === "all" && isLive(master.state)
        ? [{ id: master.id, shown: { ...shown, label: t("Connection to {0}", shown.label) } }]
        : [];
    const rows = nearFirst([...connection, ...sessions], ({ id }) => id === own);
    return rows.length === 0 ? [] : [{ label: shown.label, rows }];
  });
  const first = groups[0]?.rows[0]?.id;
  return {
    groups,
    startsSelected: what !== "all" || (first !== undefined && (first === own || first === ownMaster)),
  };
}

/** The accepted ones first; otherwise in the same order. */
export function nearFirst<T>(all: readonly T[], isNear: (one: T) => boolean): readonly T[] {
  return [...all.filter(isNear), ...all.filter((one) => !isNear(one))];
}
