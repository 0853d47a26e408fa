import type { HungReason } from "./remoteSession.ts";

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
      return `no input or output for ${describeDuration(reason.idleSeconds)} and everything in it sleeps (limit ${describeDuration(reason.limitSeconds)})`;
    case "orphan":
      return "the privileged sshd process waits for a child that is gone";
    case "no-connection":
      return "its SSH connection is gone, its processes are still there";
    case "peer-closed":
      return `the client has closed the connection and the server has not noticed (socket in ${reason.socketState})`;
    case "unanswered":
      return `the client no longer answers: the same data has been sent ${reason.retransmits} times`;
    case "stopped":
      return `process ${reason.pid}, which leads or carries it, is stopped (state T)`;
    case "stale-record":
      return "it is listed as logged in, but no process of it is left";
  }
}
