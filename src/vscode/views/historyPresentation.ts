/** How ended sessions look in the Live view. No vscode. */
import { printable } from "../../base/log.ts";
import { describeOutcome, formatBytes } from "../../session/sessionDetails.ts";
import type { SessionOutcome, SessionSnapshot } from "../../session/sessionTypes.ts";
import { age, plural, shortDuration } from "../../text/humanText.ts";
import { factTable, literal } from "../../text/markdownText.ts";
import { userMessage } from "../../text/userMessages.ts";
import { contextWords } from "../settings/contributionIds.ts";
import type { ItemPresentation } from "./livePresentation.ts";

/** The fold. */
export function presentHistory(history: readonly SessionSnapshot[]): ItemPresentation {
  const bad = history.filter(({ outcome }) => outcome !== undefined && !endedWell(outcome)).length;
  const description = [String(history.length), ...(bad === 0 ? [] : [`${bad} went wrong`])].join(" · ");
  return {
    label: "Ended",
    description,
    icon: { id: "history" },
    contextValue: contextWords.history,
    hover: `How the last ${plural(history.length, "session")} ended.`,
    accessibleLabel: `Ended sessions, ${description}`,
  };
}

/** @param home the home directory, shown as `~` in paths. */
export function presentEnded(session: SessionSnapshot, now: number, home: string): ItemPresentation {
  const { outcome, state } = session;
  const text = outcome === undefined ? "ended" : describeOutcome(outcome);
  const good = outcome !== undefined && endedWell(outcome);
  const ended = age(now - state.since);
  const parts = [
    text,
    ended === undefined ? "just now" : `${ended} ago`,
    ...(session.title === session.spec ? [] : [printable(session.spec)]),
  ];
  return {
    label: printable(session.title),
    description: parts.join(" · "),
    icon: good ? { id: "pass" } : { id: "warning", color: "list.warningForeground" },
    contextValue: contextWords.endedSession,
    hover: [
      `**${literal(session.title)}**`,
      factTable([
        ["Host", literal(session.spec)],
        ["Kind", session.kind],
        ["Ended", literal(text)],
        ["Reason", failureText(session, home)],
        ["When", `${shortDuration(now - state.since)} ago`],
        ["Lasted", shortDuration(state.since - session.since)],
        ["Traffic", `↓ ${formatBytes(session.bytesIn)}  ↑ ${formatBytes(session.bytesOut)}`],
      ]),
    ].join("\n\n"),
    accessibleLabel: `${printable(session.title)}, ${text}`,
  };
}

/** Why it did not open, and what to do. */
function failureText({ outcome, spec }: SessionSnapshot, home: string): string | undefined {
  return outcome?.kind === "failed"
    ? literal(userMessage(outcome.error, spec, home)?.text ?? outcome.error.message)
    : undefined;
}

/** By itself with success, or because somebody here wanted it. */
function endedWell(outcome: SessionOutcome): boolean {
  switch (outcome.kind) {
    case "exited":
      return outcome.code === 0;
    case "disconnected":
    case "killed":
      return true;
    case "signalled":
    case "lost":
    case "limit":
    case "failed":
      return false;
  }
}
