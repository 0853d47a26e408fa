/** How other windows on a connection look in the Live view. No vscode; what they report is escaped here. */
import { t } from "../../base/localize.ts";
import type { ProgramSnapshot } from "../../share/programTypes.ts";
import { openSince } from "../../text/forwardText.ts";
import { factTable, literal } from "../../text/markdownText.ts";
import { programTraffic } from "../../text/programText.ts";
import { spokenDescription } from "../../text/spokenText.ts";
import { aboutWindow, windowDescription, windowLabel } from "../../text/windowText.ts";
import type { ItemPresentation } from "./row.ts";

export function presentWindow(window: ProgramSnapshot, now: number): ItemPresentation {
  const label = windowLabel(window);
  const description = windowDescription(window);
  return {
    label,
    description,
    icon: { id: "multiple-windows" },
    contextValue: "otherWindow",
    hover: [
      `**${literal(label)}**`,
      aboutWindow(),
      factTable([
        [t("Since"), literal(openSince(window.since, now))],
        [t("Data"), literal(programTraffic(window))],
      ]),
    ].join("\n\n"),
    accessibleLabel: `${label}, ${spokenDescription(description)}`,
  };
}
