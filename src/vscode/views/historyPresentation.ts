/** How ended sessions look in the Live view. No vscode. */

import { plural, t } from "../../base/localize.ts";
import { printable } from "../../base/log.ts";
import type { SessionOutcome, SessionSnapshot } from "../../session/sessionTypes.ts";
import { age, shortDuration } from "../../text/durations.ts";
import { failureWords } from "../../text/failureWords.ts";
import { factTable, literal } from "../../text/markdownText.ts";
import { historyNote } from "../../text/rowNotes.ts";
import { describeOutcome, formatBytes } from "../../text/sessionDetails.ts";
import { agoText, sessionKindName } from "../../text/stateWords.ts";
import { userMessage } from "../../text/userMessages.ts";
import { contextWords } from "../settings/contributionIds.ts";
import { saysHost } from "./livePresentation.ts";
import type { ItemPresentation } from "./row.ts";

/** The fold. */
export function presentHistory(history: readonly SessionSnapshot[]): ItemPresentation {
  const bad = history.filter(({ outcome }) => outcome !== undefined && !endedWell(outcome)).length;
  const count = plural(history.length, "{0} session", "{0} sessions");
  const description =
    bad === 0
      ? count
      : bad === history.length
        ? t("{0} with errors", count)
        : t("{0}, {1} with errors", count, bad);
  return {
    label: t("Ended"),
    description,
    icon: { id: "history" },
    contextValue: contextWords.history,
    hover: historyNote(history.length),
    accessibleLabel: t("Ended: {0}", description),
  };
}

/** @param home the home directory, shown as `~` in paths. */
export function presentEnded(session: SessionSnapshot, now: number, home: string): ItemPresentation {
  const { outcome, state } = session;
  const text = outcome === undefined ? t("ended") : describeOutcome(outcome);
  const good = outcome !== undefined && endedWell(outcome);
  const ended = age(now - state.since);
  const opened = outcome?.kind !== "failed";
  const parts = [
    outcome?.kind === "failed" ? failureWords(outcome.error) : text,
    ended === undefined ? t("just now") : agoText(ended),
    ...(saysHost(session) ? [] : [printable(session.spec)]),
  ];
  return {
    label: printable(session.title),
    description: parts.join(" · "),
    icon: good ? { id: "pass" } : { id: "warning", color: "list.warningForeground" },
    contextValue: contextWords.endedSession,
    hover: [
      `**${literal(session.title)}**`,
      factTable([
        [t("Host"), literal(session.spec)],
        [t("Kind"), sessionKindName(session.kind)],
        [t("Ended"), literal(text)],
        [t("Reason"), failureText(session, home)],
        [t("When"), agoText(shortDuration(now - state.since))],
        [t("Duration"), opened ? shortDuration(state.since - session.since) : undefined],
        [
          t("Traffic"),
          opened ? `↓ ${formatBytes(session.bytesIn)}  ↑ ${formatBytes(session.bytesOut)}` : undefined,
        ],
      ]),
    ].join("\n\n"),
    accessibleLabel: [printable(session.title), t("ended session"), ...parts].join(", "),
  };
}

/** Why it did not open, and what to do. */
function failureText({ outcome, spec }: SessionSnapshot, home: string): string | undefined {
  return outcome?.kind === "failed"
    ? literal(userMessage(outcome.error, spec, home)?.text ?? outcome.error.message)
    : undefined;
}

/** It exited with success, or ended on request. */
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
