import { t } from "../base/localize.ts";
import { printable } from "../base/log.ts";
import type { HungReason, RemoteSession } from "../remote/remoteSession.ts";
import { formatDuration } from "./durations.ts";

/** One sentence without the final stop. It contains no remote text. */
export function describeHungReason(reason: HungReason): string {
  switch (reason.kind) {
    case "idle":
      return t(
        "no input or output for {0}, and all its processes sleep (limit {1})",
        formatDuration(reason.idleSeconds * 1000),
        formatDuration(reason.limitSeconds * 1000),
      );
    case "orphan":
      return t("the privileged sshd process waits for a child process that has ended");
    case "no-connection":
      return t("its SSH connection is gone, but its processes still exist");
    case "peer-closed":
      return t(
        "the client has closed the connection, but the server has not noticed (socket in {0})",
        reason.socketState,
      );
    case "unanswered":
      return t("the client no longer replies: the same data was sent {0} times", reason.retransmits);
    case "stopped":
      return t("process {0}, which leads or carries the session, is stopped (state T)", reason.pid);
    case "stale-record":
      return t("it is listed as logged in, but none of its processes exists");
  }
}

/** `alice pts/3`, `alice`: the user and the terminal. */
export function remoteName({ user, tty }: RemoteSession): string {
  const who = user === "" ? t("unknown user") : printable(user, 40);
  return tty === undefined ? who : `${who} ${printable(tty, 20)}`;
}
