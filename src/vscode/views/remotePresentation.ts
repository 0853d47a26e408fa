/** What the live tree shows of a server's own view, as plain data. No vscode; remote text is escaped here. */

import { plural, t } from "../../base/localize.ts";
import { printable } from "../../base/log.ts";
import type { RemoteSession, RemoteSessionKind } from "../../remote/remoteSession.ts";
import type { RemoteSnapshot } from "../../remote/remoteViewService.ts";
import { weekdayAndTime } from "../../text/clockTimes.ts";
import { formatDuration } from "../../text/durations.ts";
import { factTable, literal } from "../../text/markdownText.ts";
import {
  foldNotes,
  looksHung,
  ownershipNotes,
  type RemoteNote,
  remoteFailureText,
  remoteKindText,
  remoteNoteText,
  shortHungReason,
  wholeMinutes,
} from "../../text/remoteViewText.ts";
import { describeHungReason, remoteName } from "../../text/remoteWords.ts";
import { contextWords } from "../settings/contributionIds.ts";
import type { ItemPresentation } from "./row.ts";

const kindIcons: Record<RemoteSessionKind, string> = {
  terminal: "terminal",
  command: "play",
  connection: "plug",
  authenticating: "key",
  orphan: "server-process",
  login: "account",
};

const warningColor = "list.warningForeground";

/** The fold below a master. @param snapshot undefined: not read yet. @param open whether the fold is open. */
export function presentFold(
  snapshot: RemoteSnapshot | undefined,
  failure: Error | undefined,
  open: boolean,
): ItemPresentation {
  const sessions = snapshot?.sessions ?? [];
  const hung = sessions.filter((session) => session.hung.length > 0).length;
  const parts = [
    ...(hung === 0 ? [] : [t("{0} hung", hung)]),
    ...(snapshot === undefined ? [] : [plural(sessions.length, "{0} session", "{0} sessions")]),
    ...(failure === undefined ? [] : [t("not read")]),
  ];
  const description = parts.join(" · ");
  return {
    label: t("On the server"),
    description,
    icon: hung > 0 ? { id: "server", color: warningColor } : { id: "server" },
    contextValue: [contextWords.onServer, ...(open ? [contextWords.open] : [])].join(" "),
    hover: foldNotes(snapshot).join("\n\n"),
    accessibleLabel: t("On the server{0}", parts.length === 0 ? "" : `, ${parts.join(", ")}`),
  };
}

/** Ours first, then the hung ones; otherwise in the server's order. */
export function inShownOrder(sessions: readonly RemoteSession[]): readonly RemoteSession[] {
  const rank = ({ hung, ours }: RemoteSession): number =>
    (ours === undefined ? 2 : 0) + (hung.length > 0 ? 0 : 1);
  return [...sessions].sort((a, b) => rank(a) - rank(b));
}

/** The foreground program, or the kind of session when none runs. */
function whatRuns(session: RemoteSession): string | undefined {
  const [program] = session.programs;
  if (program !== undefined) {
    return printable(program, 60);
  }
  switch (session.kind) {
    case "connection":
      return t("no session");
    case "authenticating":
      return t("logging in");
    case "orphan":
    case "terminal":
    case "command":
    case "login":
      return undefined;
  }
}

export function presentRemoteSession(session: RemoteSession): ItemPresentation {
  const { hung, ours, idleSeconds } = session;
  const [reason] = hung;
  const label = remoteName(session);
  const parts = [
    ...(ours === undefined ? [] : [t("ours")]),
    ...(reason === undefined ? [] : [shortHungReason(reason)]),
    whatRuns(session),
    ...(idleSeconds !== undefined && idleSeconds >= 60 && reason?.kind !== "idle"
      ? [t("idle {0}", wholeMinutes(idleSeconds))]
      : []),
    session.from === undefined ? undefined : t("from {0}", printable(session.from, 60)),
  ].filter((part) => part !== undefined);
  const icon =
    reason !== undefined
      ? { id: "warning", color: warningColor }
      : ours !== undefined
        ? { id: kindIcons[session.kind], color: "testing.iconPassed" }
        : { id: kindIcons[session.kind] };
  return {
    label,
    description: parts.join(" · "),
    icon,
    contextValue: [
      contextWords.remoteSession,
      ...(session.targets.length === 0 ? [] : [contextWords.killable]),
    ].join(" "),
    hover: remoteHover(session),
    accessibleLabel: [label, ...(reason === undefined ? [] : [t("hung")]), ...parts].join(", "),
  };
}

/** The number of a session's programs that are shown. */
const programsShown = 6;

function remoteHover(session: RemoteSession): string {
  const { hung, programs } = session;
  const reasons =
    hung.length === 0
      ? []
      : [looksHung(hung.map((reason) => literal(describeHungReason(reason))).join("; "))];
  const more = programs.length - programsShown;
  const runs = [
    ...programs.slice(0, programsShown).map((program) => literal(program, 120)),
    ...(more > 0 ? [t("and {0} more", more)] : []),
  ];
  return [
    `$(${kindIcons[session.kind]}) **${literal(remoteName(session))}**`,
    ...reasons,
    factTable([
      [t("Kind"), remoteKindText(session.kind)],
      [t("User"), literal(session.user)],
      [t("Terminal"), session.tty === undefined ? undefined : literal(session.tty)],
      [t("From"), session.from === undefined ? undefined : literal(session.from)],
      [t("Since"), session.since === undefined ? undefined : weekdayAndTime(session.since * 1000)],
      [t("Idle"), session.idleSeconds === undefined ? undefined : formatDuration(session.idleSeconds * 1000)],
      [t("State"), session.state],
      [t("Runs"), runs.length === 0 ? undefined : runs.join("; ")],
    ]),
    ...ownershipNotes(session),
  ].join("\n\n");
}

/** @param failure why the reading failed, for `failed`. */
export function presentRemoteNote(note: RemoteNote, failure: Error | undefined): ItemPresentation {
  const { label, hover, icon } =
    note === "failed" ? { ...remoteFailureText(failure), icon: "warning" } : remoteNoteText(note);
  return {
    label,
    description: "",
    icon: note === "failed" ? { id: icon, color: warningColor } : { id: icon },
    contextValue: contextWords.remoteNote,
    hover,
    accessibleLabel: label,
  };
}

/** The rows below the sessions. */
export function remoteNotes(
  snapshot: RemoteSnapshot | undefined,
  failure: Error | undefined,
): readonly RemoteNote[] {
  if (failure !== undefined) {
    return ["failed"];
  }
  if (snapshot === undefined) {
    return ["reading"];
  }
  return [
    ...(snapshot.sessions.length === 0 ? (["empty"] as const) : []),
    ...(snapshot.sudo === "unavailable" ? (["sudo"] as const) : []),
    ...snapshot.gaps,
  ];
}
