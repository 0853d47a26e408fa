/** Texts about a server's own view. No vscode; remote text is escaped. */

import { asError } from "../base/errors.ts";
import { plural, t } from "../base/localize.ts";
import { RemoteViewError } from "../remote/remoteErrors.ts";
import type { HungReason, RemoteSession, RemoteSessionKind } from "../remote/remoteSession.ts";
import type { RemoteGap, RemoteSnapshot } from "../remote/remoteViewService.ts";
import { clockTime } from "./clockTimes.ts";
import { shortDuration } from "./durations.ts";
import { literal } from "./markdownText.ts";

/** A row that says what is missing. */
export type RemoteNote = "reading" | "failed" | "empty" | "sudo" | RemoteGap;

const kinds = (): Record<RemoteSessionKind, string> => ({
  terminal: t("a terminal over SSH"),
  command: t("a command over SSH, without a terminal"),
  connection: t("an SSH connection without a session"),
  authenticating: t("a login in progress"),
  orphan: t("an SSH server process whose session is gone"),
  login: t("a login without an SSH connection"),
});

export function remoteKindText(kind: RemoteSessionKind): string {
  return kinds()[kind];
}

/** The hover of the fold. @param snapshot undefined: not read yet. */
export function foldNotes(snapshot: RemoteSnapshot | undefined): readonly string[] {
  if (snapshot === undefined) {
    return [t("Logins on the server, and which ones are hung. They are read while this is expanded.")];
  }
  const { sessions, system, sudo, takenAt } = snapshot;
  const hung = sessions.filter((session) => session.hung.length > 0).length;
  const logins = plural(sessions.length, "{0} login or SSH session", "{0} logins and SSH sessions");
  return [
    hung === 0
      ? t("{0} on {1}, as reported by the server.", logins, literal(system))
      : t("{0} on {1}, as reported by the server. Hung: {2}.", logins, literal(system), hung),
    sudo === "used"
      ? t(
          "Read at {0} with `sudo -n`. Updated while this is expanded and the connection is in use.",
          clockTime(takenAt),
        )
      : t("Read at {0}. Updated while this is expanded and the connection is in use.", clockTime(takenAt)),
  ];
}

/** A few words: a side bar is narrow. */
export function shortHungReason(reason: HungReason): string {
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
export function wholeMinutes(seconds: number): string {
  return shortDuration(seconds * 1000);
}

/** Markdown. @param reasons escaped */
export function looksHung(reasons: string): string {
  return t("$(warning) **Looks hung:** {0}.", reasons);
}

/** Whether a login is ours, and whether it can be ended from here. */
export function ownershipNotes({ ours, targets }: RemoteSession): readonly string[] {
  const whose =
    ours === "carrier"
      ? [t("It is on the connection that reads this view.")]
      : ours === "ours"
        ? [t("It is on another of your connections.")]
        : [];
  const untouchable =
    targets.length > 0
      ? []
      : [
          ours === "carrier"
            ? t("It can't be killed from here. Use Disconnect to end it.")
            : t("It has no process left to kill."),
        ];
  return [...whose, ...untouchable];
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

export function remoteNoteText(note: Exclude<RemoteNote, "failed">): {
  readonly label: string;
  readonly hover: string;
  readonly icon: string;
} {
  return noteTexts()[note];
}

export function remoteFailureText(failure: Error | undefined): {
  readonly label: string;
  readonly hover: string;
} {
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
