/** What the live tree shows of a server's own view, as plain data. No vscode; remote text is escaped here. */

import { asError } from "../../base/errors.ts";
import { plural, t } from "../../base/localize.ts";
import { printable } from "../../base/log.ts";
import { RemoteViewError } from "../../remote/remoteErrors.ts";
import type { HungReason, RemoteSession, RemoteSessionKind } from "../../remote/remoteSession.ts";
import type { RemoteGap, RemoteSnapshot } from "../../remote/remoteViewService.ts";
import { formatDuration, shortDuration } from "../../text/durations.ts";
import { factTable, literal } from "../../text/markdownText.ts";
import { dayAndTime, describeHungReason, remoteName } from "../../text/remoteWords.ts";
import { contextWords } from "../settings/contributionIds.ts";
import type { ItemPresentation } from "./row.ts";

/** A row that says what is missing. */
export type RemoteNote = "reading" | "failed" | "empty" | "sudo" | RemoteGap;

const kindIcons: Record<RemoteSessionKind, string> = {
  terminal: "terminal",
  command: "play",
  connection: "plug",
  authenticating: "key",
  orphan: "server-process",
  login: "account",
};

const kindWords = (): Record<RemoteSessionKind, string> => ({
  terminal: t("a terminal over SSH"),
  command: "a command over SSH, without a terminal",
  connection: t("an SSH connection without a session"),
  authenticating: t("a login in progress"),
  orphan: t("an SSH server process whose session is gone"),
  login: t("a login without an SSH connection"),
});

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
    ...(hung === 0 ? [] : [`${hung} hung`]),
    ...(snapshot === undefined ? [] : [plural(sessions.length, "{0} session", "{0} sessions")]),
    ...(failure === undefined ? [] : [t("not read")]),
  ];
  const description = parts.join(" · ");
  const logins = plural(sessions.length, "{0} login or SSH session", "{0} logins and SSH sessions");
  const notes =
    snapshot === undefined
      ? [t("Logins on the server, and which ones are hung. They are read while this is expanded.")]
      : [
          hung === 0
            ? t("{0} on {1}, as reported by the server.", logins, literal(snapshot.system))
            : t("{0} on {1}, as reported by the server. Hung: {2}.", logins, literal(snapshot.system), hung),
          snapshot.sudo === "used"
            ? t(
                "Read at {0} with `sudo -n`. Updated while this is expanded and the connection is in use.",
                timeOfDay(snapshot.takenAt),
              )
            : t(
                "Read at {0}. Updated while this is expanded and the connection is in use.",
                timeOfDay(snapshot.takenAt),
              ),
        ];
  return {
    label: t("On the server"),
    description,
    icon: hung > 0 ? { id: "server", color: warningColor } : { id: "server" },
    contextValue: [contextWords.onServer, ...(open ? [contextWords.open] : [])].join(" "),
    hover: notes.join("\n\n"),
    accessibleLabel: t("On the server{0}", description === "" ? "" : `, ${description}`),
  };
}

/** Ours first, then the hung ones; otherwise in the server's order. */
export function inShownOrder(sessions: readonly RemoteSession[]): readonly RemoteSession[] {
  const rank = ({ hung, ours }: RemoteSession): number =>
    (ours === undefined ? 2 : 0) + (hung.length > 0 ? 0 : 1);
  return [...sessions].sort((a, b) => rank(a) - rank(b));
}

/** A few words: a side bar is narrow. */
function shortReason(reason: HungReason): string {
  switch (reason.kind) {
    case "idle":
      return t("idle {0}", wholeMinutes(reason.idleSeconds));
    case "orphan":
      return t("left over from sshd");
    case "no-connection":
      return t("connection gone");
    case "peer-closed":
      return t("client has closed");
    case "unanswered":
      return t("client does not reply");
    case "stopped":
      return t("stopped");
    case "stale-record":
      return t("no processes left");
  }
}

/** Without the seconds: a text that changes with each reading closes the hover of its row. */
function wholeMinutes(seconds: number): string {
  return shortDuration(seconds * 1000);
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
    ...(reason === undefined ? [] : [shortReason(reason)]),
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
  const { hung, programs, ours } = session;
  const reasons =
    hung.length === 0
      ? []
      : [
          t(
            "$(warning) **Looks hung:** {0}.",
            hung.map((reason) => literal(describeHungReason(reason))).join("; "),
          ),
        ];
  const more = programs.length - programsShown;
  const runs = [
    ...programs.slice(0, programsShown).map((program) => literal(program, 120)),
    ...(more > 0 ? [t("and {0} more", more)] : []),
  ];
  const whose =
    ours === "carrier"
      ? [t("It is on the connection that reads this view.")]
      : ours === "ours"
        ? [t("It is on another of your connections.")]
        : [];
  const untouchable =
    session.targets.length > 0
      ? []
      : [
          ours === "carrier"
            ? t("It can't be killed from here. Use Disconnect to end it.")
            : t("It has no process left to kill."),
        ];
  return [
    `$(${kindIcons[session.kind]}) **${literal(remoteName(session))}**`,
    ...reasons,
    factTable([
      [t("Kind"), kindWords()[session.kind]],
      [t("User"), literal(session.user)],
      [t("Terminal"), session.tty === undefined ? undefined : literal(session.tty)],
      [t("From"), session.from === undefined ? undefined : literal(session.from)],
      [t("Since"), session.since === undefined ? undefined : dayAndTime(session.since * 1000)],
      [t("Idle"), session.idleSeconds === undefined ? undefined : formatDuration(session.idleSeconds * 1000)],
      [t("State"), session.state],
      [t("Runs"), runs.length === 0 ? undefined : runs.join("; ")],
    ]),
    ...whose,
    ...untouchable,
  ].join("\n\n");
}

const noteTexts = (): Record<
  Exclude<RemoteNote, "failed">,
  { readonly label: string; readonly hover: string; readonly icon: string }
> => ({
  reading: { label: t("Reading…"), hover: t("Reading the logins from the server."), icon: "loading~spin" },
  empty: { label: t("No logins"), hover: t("The server lists no logins."), icon: "info" },
  sudo: {
    label: t("sudo -n does not work on the server"),
    hover: t(
      "`sudo` is allowed for this host in `sshSessions.hosts`, but `sudo -n true` fails on the server: it is not installed or requires a password.",
    ),
    icon: "lock",
  },
  processes: {
    label: t("Processes are not visible"),
    hover: t("The server has no `ps` that shows start times, so hung logins can't be found or killed."),
    icon: "info",
  },
  "other-users": {
    label: t("Only your own processes are visible"),
    hover: t(
      "The server hides other users' processes (`hidepid`, a jail), so their logins are not checked. `sudo` in `sshSessions.hosts` may help.",
    ),
    icon: "lock",
  },
  logins: {
    label: t("who and w are missing"),
    hover: t("The server has neither `who` nor `w`, so logins without an SSH connection are not listed."),
    icon: "info",
  },
  sockets: {
    label: t("Connections are not visible"),
    hover: t(
      "The server has no `ss`, `netstat` or similar, so sessions without a client can't be distinguished from idle ones.",
    ),
    icon: "info",
  },
});

/** @param failure why the reading failed, for `failed`. */
export function presentRemoteNote(note: RemoteNote, failure: Error | undefined): ItemPresentation {
  const { label, hover, icon } =
    note === "failed" ? { ...failureText(failure), icon: "warning" } : noteTexts()[note];
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

function failureText(failure: Error | undefined): { readonly label: string; readonly hover: string } {
  const said = literal(asError(failure).message);
  if (RemoteViewError.is(failure)) {
    switch (failure.reason) {
      case "no-shell":
        return { label: t("No POSIX shell on the server"), hover: t("The logins can't be read. {0}", said) };
      case "incomplete":
        return { label: t("The output was incomplete"), hover: t("It will be read again. {0}", said) };
      case "too-much":
        return { label: t("Too much output"), hover: said };
      case "not-connected":
        return { label: t("Not connected"), hover: said };
    }
  }
  return { label: t("The logins could not be read"), hover: t("It will be read again. {0}", said) };
}

export function timeOfDay(milliseconds: number): string {
  return new Date(milliseconds).toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit" });
}
