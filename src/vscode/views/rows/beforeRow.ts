/** The terminals from before the window reloaded, in one row. */
import type { Event } from "../../../base/emitter.ts";
import { t } from "../../../base/localize.ts";
import { type EarlierTerminal, presentBefore } from "../beforePresentation.ts";
import { atTop, RowKind } from "../row.ts";

/** The terminals from before the reload that were neither opened again nor forgotten. */
export interface EarlierTerminals {
  readonly before: readonly EarlierTerminal[];
  readonly onDidChange: Event<void>;
}

export function beforeRow(earlier: EarlierTerminals): RowKind<readonly EarlierTerminal[]> {
  return new RowKind({
    name: "before",
    places: [atTop(() => (earlier.before.length === 0 ? [] : [earlier.before]))],
    key: () => "before",
    present: presentBefore,
    targets: () => [],
    click: () => ({ command: "sshSessions.chooseTerminals", title: t("Reopen or Forget"), once: true }),
    changes: [earlier.onDidChange],
  });
}
