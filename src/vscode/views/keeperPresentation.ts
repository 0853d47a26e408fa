/** How the keeper looks in the Live view. No vscode. */
import type { KeptListed } from "../../engine/keeper/keeperMessages.ts";
import {
  aboutKeeper,
  keeperLabel,
  keptDescription,
  keptLabel,
  sessionsOutside,
} from "../../text/keeperText.ts";
import { factTable, literal } from "../../text/markdownText.ts";
import type { ItemPresentation } from "./row.ts";

export const keeperWords = { keeper: "keeper" } as const;

export function presentKeeper(sessions: readonly KeptListed[], own: number, now: number): ItemPresentation {
  const label = keeperLabel();
  const description = sessionsOutside(sessions.length);
  return {
    label,
    description,
    icon: { id: "archive" },
    contextValue: keeperWords.keeper,
    hover: [
      aboutKeeper(),
      factTable(
        sessions.map((session) => [literal(keptLabel(session)), literal(keptDescription(session, own, now))]),
      ),
    ].join("\n\n"),
    accessibleLabel: `${label}, ${description}`,
  };
}
