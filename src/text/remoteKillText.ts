/** The questions before logins on a server are ended, and the messages afterwards. No vscode. */

import { plural, t } from "../base/localize.ts";
import { printable } from "../base/log.ts";
import type { KillReport, SessionKillOutcome } from "../remote/killRemote.ts";
import type { RemoteSession } from "../remote/remoteSession.ts";
import { weekdayAndTime } from "./clockTimes.ts";
import { plainMessage } from "./plainMessage.ts";
import { describeHungReason, remoteName } from "./remoteWords.ts";

export interface KillQuestion {
  readonly message: string;
  readonly detail: string;
  readonly action: string;
}

/** Plain text: dialogs show no Markdown. */
export function killQuestion(session: RemoteSession, host: string): KillQuestion {
  const name = printable(host);
  const [program] = session.programs;
  const facts = [
    session.from === undefined ? undefined : t("From: {0}", printable(session.from, 60)),
    session.since === undefined ? undefined : t("Since: {0}", weekdayAndTime(session.since * 1000)),
    program === undefined
      ? undefined
      : session.programs.length > 1
        ? t("Runs: {0} and {1} more", printable(program, 80), session.programs.length - 1)
        : t("Runs: {0}", printable(program, 80)),
  ].filter((line) => line !== undefined);
  const verdict =
    session.hung.length > 0
      ? t("Looks hung: {0}.", session.hung.map(describeHungReason).join("; "))
      : session.ours !== undefined
        ? t("It is your own session and does not look hung. Disconnect would end it properly.")
        : t("It does not look hung: it may be in use.");
  return {
    message: t("Kill {0} on {1}?", remoteName(session), name),
    detail: [
      ...(facts.length === 0 ? [] : [facts.join("\n")]),
      verdict,
      t("Its processes get SIGHUP, then SIGTERM after a few seconds."),
    ].join("\n\n"),
    action: t("Kill"),
  };
}

/** The result for one session. @param forced KILL was among the signals. */
function outcomeSentence(name: string, outcome: SessionKillOutcome, forced: boolean): string {
  switch (outcome) {
    case "ended":
      return t("{0} has ended.", name);
    case "alive":
      return forced
        ? t("{0} is still running after KILL.", name)
        : t("{0} is still running after HUP and TERM.", name);
    case "denied":
      return t("{0} belongs to another user, and you may not signal it.", name);
    case "changed":
      return t("{0} had already ended or changed, so nothing was sent.", name);
    case "not-hung":
      return t("{0} is no longer hung and was left alone.", name);
    case "own":
      return t("{0} carries this connection and was left alone.", name);
    case "nothing-left":
      return t("{0} has no process left to kill.", name);
  }
}

export interface KillTold {
  readonly severity: "quiet" | "warning";
  readonly text: string;
  /** The survivors, for which KILL can be offered. */
  readonly alive: readonly RemoteSession[];
}

/** @param forced KILL was among the signals. @param sudo whether `sudo -n` was used there. */
export function killTold(report: KillReport, host: string, forced: boolean, sudo: boolean): KillTold {
  const { sessions } = report;
  const ended = sessions.filter(({ outcome }) => outcome === "ended");
  const rest = sessions.filter(({ outcome }) => outcome !== "ended");
  const alive = rest.filter(({ outcome }) => outcome === "alive").map(({ session }) => session);
  const sentences = [
    ...(ended.length === 0
      ? []
      : ended.length === 1 && ended[0] !== undefined
        ? [t("{0} has ended on {1}.", remoteName(ended[0].session), printable(host))]
        : [
            t("{0} have ended on {1}.", plural(ended.length, "{0} session", "{0} sessions"), printable(host)),
          ]),
    ...rest.map(({ session, outcome }) => {
      const name = remoteName(session);
      return outcomeSentence(
        ended.length === 0 ? t("{0} on {1}", name, printable(host)) : name,
        outcome,
        forced,
      );
    }),
    ...(rest.some(({ outcome }) => outcome === "denied") && !sudo
      ? [t("Log in as that user or as root, or allow sudo for this host in sshSessions.hosts.")]
      : []),
  ];
  return {
    severity: rest.length === 0 ? "quiet" : "warning",
    text: plainMessage(sentences.join(" ")),
    alive: forced ? [] : alive,
  };
}
