import type { MasterSnapshot } from "../session/sessionTypes.ts";
import { destinationText, plural } from "./humanText.ts";
import { isLive } from "./livePresentation.ts";
import { literal } from "./markdownText.ts";

/** What the status bar says; undefined when there is nothing to say. */
export function statusBarText(masters: readonly MasterSnapshot[]):
  | {
      readonly text: string;
      readonly tooltip: string;
      readonly warning: boolean;
      readonly accessibleLabel: string;
    }
  | undefined {
  const live = masters.filter(({ state }) => isLive(state));
  if (live.length === 0) {
    return undefined;
  }
  const perMaster = live.map(
    (master) => [master, master.sessions.filter(({ state }) => state.kind !== "ended").length] as const,
  );
  const sessions = perMaster.reduce((sum, [, count]) => sum + count, 0);
  const warning = live.some(({ state }) => state.kind === "suspect" || state.kind === "hung");
  const connecting = live.some(({ state }) => state.kind === "connecting");
  const icon = warning ? "warning" : connecting ? "loading~spin" : "vm-active";
  const summary = `${plural(sessions, "live SSH session")} on ${plural(live.length, "connection")}`;
  return {
    text: `$(${icon}) ${sessions}`,
    tooltip: [
      `**${summary}**`,
      ...perMaster.map(
        ([master, count]) =>
          `- ${literal(master.host)}: ${plural(count, "session")} *${literal(destinationText(master.destination))}*`,
      ),
    ].join("\n"),
    warning,
    accessibleLabel: summary,
  };
}
