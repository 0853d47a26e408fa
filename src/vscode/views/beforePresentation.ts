/** How terminals from before a reload look in the Live view. No vscode. */
import { printable } from "../../base/log.ts";
import { factTable, literal } from "../../text/markdownText.ts";
import { hostNamesOf, reopenRow } from "../../text/reopenText.ts";
import { beforeNote } from "../../text/rowNotes.ts";
import { contextWords } from "../settings/contributionIds.ts";
import type { ItemPresentation } from "./row.ts";

/** A terminal that was open before the window reloaded. */
export interface EarlierTerminal {
  readonly host: string;
  readonly title: string;
}

export function presentBefore(terminals: readonly EarlierTerminal[]): ItemPresentation {
  const label = reopenRow(terminals.length);
  const hosts = hostNamesOf(terminals.map(({ host }) => host));
  return {
    label,
    description: hosts,
    icon: { id: "debug-restart" },
    contextValue: contextWords.before,
    hover: [
      beforeNote(),
      factTable(terminals.map(({ host, title }) => [literal(printable(title)), literal(printable(host))])),
    ].join("\n\n"),
    accessibleLabel: `${label}: ${hosts}`,
  };
}
