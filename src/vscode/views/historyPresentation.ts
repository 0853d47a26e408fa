/** How ended sessions look in the Live view. No vscode. */

import { plural, t } from "../../base/localize.ts";
import { printable } from "../../base/log.ts";
import type { SessionSnapshot } from "../../session/sessionTypes.ts";
import { age, shortDuration } from "../../text/durations.ts";
import { failureWords } from "../../text/failureWords.ts";
import { factTable, literal } from "../../text/markdownText.ts";
import { historyNote } from "../../text/rowNotes.ts";
import { describeOutcome, formatBytes } from "../../text/sessionDetails.ts";
import { agoText, sessionKindName } from "../../text/stateWords.ts";
import { userMessage } from "../../text/userMessages.ts";
import { contextWords } from "../settings/contributionIds.ts";
import type { ItemPresentation } from "./row.ts";
import { saysHost } from "./sessionPresentation.ts";

/** Characters of a command that its row shows, so that a narrow side bar has room for the result. */
const shownOfCommand = 24;

/** The fold. */
export function presentHistory(history: readonly SessionSnapshot[]): ItemPresentation {
  const bad = history.filter((session) => ending(session) === "bad").length;
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
  const ended = age(now - state.since);
  const opened = outcome?.kind !== "failed";
  const result = [
    outcome?.kind === "failed" ? failureWords(outcome.error) : text,
    ended === undefined ? t("just now") : agoText(ended),
  ];
  const isRun = saysCommand(session);
  const label = printable(endedName(session));
  const parts = isRun
    ? [printable(session.title, shownOfCommand), ...result]
    : [...result, ...(saysHost(session) ? [] : [printable(session.spec)])];
  return {
    label,
    description: parts.join(" · "),
    icon: endingIcons[ending(session)],
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
    accessibleLabel: [label, t("ended session"), ...parts].join(", "),
  };
}

/** One command may have run on many hosts: its row starts with what distinguishes it. */
export function endedName(session: SessionSnapshot): string {
  return saysCommand(session) ? session.spec : session.title;
}

function saysCommand(session: SessionSnapshot): boolean {
  return session.kind !== "terminal" && !saysHost(session);
}

/** Why it did not open, and what to do. */
function failureText({ outcome, spec }: SessionSnapshot, home: string): string | undefined {
  return outcome?.kind === "failed"
    ? literal(userMessage(outcome.error, spec, home)?.text ?? outcome.error.message)
    : undefined;
}

type EndingKind = "good" | "neutral" | "bad";

const endingIcons: Readonly<Record<EndingKind, ItemPresentation["icon"]>> = {
  good: { id: "pass" },
  neutral: { id: "circle-outline" },
  bad: { id: "warning", color: "list.warningForeground" },
};

/**
 * `good`: it exited with success, or ended on request; `neutral`: it was a shell, whose exit status is that of its last
 * command.
 */
function ending({ outcome, kind }: SessionSnapshot): EndingKind {
  switch (outcome?.kind) {
    case "exited":
      return outcome.code === 0 ? "good" : kind === "terminal" ? "neutral" : "bad";
    case undefined:
    case "moved":
    case "disconnected":
    case "killed":
      return "good";
    case "failed":
    case "signalled":
    case "lost":
    case "limit":
      return "bad";
  }
}
