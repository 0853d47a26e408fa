import { t } from "../base/localize.ts";
import type { HungReason } from "../remote/remoteSession.ts";

/** `45 s`, `12 min`, `3 h 20 min`, `5 days`: at most two units, rounded down. */
export function describeDuration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 60) {
    return `${whole} s`;
  }
  if (whole < 3600) {
    return pair(Math.floor(whole / 60), "min", whole % 60, "s");
  }
  if (whole < 86_400) {
    return pair(Math.floor(whole / 3600), "h", Math.floor((whole % 3600) / 60), "min");
  }
  const days = Math.floor(whole / 86_400);
  return pair(days, days === 1 ? "day" : "days", Math.floor((whole % 86_400) / 3600), "h");
}

function pair(high: number, highUnit: string, low: number, lowUnit: string): string {
  return low === 0 ? `${high} ${highUnit}` : `${high} ${highUnit} ${low} ${lowUnit}`;
}

/** One sentence without the final stop. Holds no remote text. */
export function describeHungReason(reason: HungReason): string {
  switch (reason.kind) {
    case "idle":
      return t(
        "no input or output for {0}, and all its processes sleep (limit {1})",
        describeDuration(reason.idleSeconds),
        describeDuration(reason.limitSeconds),
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
