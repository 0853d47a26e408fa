/** How connections of the user's own `ssh` look in the Live view. No vscode. */
import { t } from "../../base/localize.ts";
import type { UserMasterSnapshot } from "../../share/userMasterTypes.ts";
import { shortDuration } from "../../text/durations.ts";
import { factTable, literal } from "../../text/markdownText.ts";
import { aboutUserMaster, ofSsh, userMasterLabel } from "../../text/userMasterText.ts";
import type { ItemPresentation } from "./row.ts";

export const userMasterWords = {
  /** A connection of the user's own `ssh`. */
  userMaster: "userMaster",
  /** No connection of this window uses it. */
  unused: "unused",
} as const;

export function presentUserMaster(master: UserMasterSnapshot, now: number): ItemPresentation {
  const label = userMasterLabel(master);
  const used = master.isRidden ? [t("used here")] : [];
  const description = [ofSsh(master), ...used, shortDuration(now - master.since)].join(" · ");
  return {
    label,
    description,
    icon: { id: "link" },
    contextValue: [userMasterWords.userMaster, ...(master.isRidden ? [] : [userMasterWords.unused])].join(
      " ",
    ),
    hover: [
      `$(link) **${literal(label)}**`,
      aboutUserMaster(master),
      factTable([
        [t("Process"), literal(String(master.pid))],
        [t("Since"), literal(shortDuration(now - master.since))],
        ["ControlPath", literal(master.path)],
      ]),
    ].join("\n\n"),
    accessibleLabel: `${label}, ${[ofSsh(master), ...used].join(", ")}`,
  };
}
