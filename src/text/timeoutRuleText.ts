/** The settings that end sessions and connections, and what prevents it. No vscode. */
import { t } from "../base/localize.ts";
import type { TimeoutRule } from "../remote/timeoutPredictions.ts";
import { formatDuration } from "./durations.ts";

/** The setting with its value. Untrusted text. */
export function settingText(rule: TimeoutRule): string {
  switch (rule.kind) {
    case "tmout":
      return `TMOUT=${rule.seconds}`;
    case "channel-timeout":
      return t("ChannelTimeout {0}={1}s", rule.timeout.pattern, rule.timeout.seconds);
    case "dropbear-idle":
      return `-I ${rule.seconds}`;
    case "dropbear-keepalive":
      return `-K ${rule.interval}`;
    case "stop-idle-session":
      return `StopIdleSessionSec=${rule.seconds}`;
    case "idle-limit":
      return t("idle limit {0}", formatDuration(rule.seconds * 1000));
    case "time-limit":
      return t("time limit {0}", formatDuration(rule.seconds * 1000));
    case "linger":
      return t("linger {0}", formatDuration(rule.seconds * 1000));
    case "unused-connection":
      return t("UnusedConnectionTimeout {0}", rule.seconds);
    case "client-alive":
      return t("ClientAliveInterval {0}, ClientAliveCountMax {1}", rule.interval, rule.count);
    case "server-alive":
      return t("ServerAliveInterval {0}, ServerAliveCountMax {1}", rule.interval, rule.count);
    case "tcp-keepalive":
      return t(
        "TCPKeepAlive yes, tcp_keepalive_time {0}, tcp_keepalive_intvl {1}, tcp_keepalive_probes {2}",
        rule.kernel.keepaliveTime,
        rule.kernel.keepaliveInterval,
        rule.kernel.keepaliveProbes,
      );
  }
}

/** What prevents it, as the end of a sentence. */
export function preventionText(rule: TimeoutRule): string {
  switch (rule.kind) {
    case "tmout":
      return t("`unset TMOUT` in your own startup file (not possible if it is read-only)");
    case "channel-timeout":
      if (rule.ours) {
        return t("another ChannelTimeout for this host");
      }
      return rule.isGlobal
        ? onAnySession()
        : t("output or input on the session itself; keepalive requests do not count");
    case "dropbear-idle":
      return onAnySession();
    case "dropbear-keepalive":
      return t("reconnecting to the network in time; a greater -K on the server");
    case "stop-idle-session":
      return t("input on the terminal; keepalive requests do not count");
    case "idle-limit":
      return t("another idle limit for this host");
    case "time-limit":
      return t("another time limit for this host, or Extend when the warning appears");
    case "linger":
      return t("a longer linger time for this host");
    case "unused-connection":
      return t("an open session; keepalive requests do not count");
    case "client-alive":
      return t("reconnecting to the network in time; a greater ClientAliveCountMax on the server");
    case "server-alive":
      return t("a greater ServerAliveCountMax for this host");
    case "tcp-keepalive":
      return t("reconnecting to the network in time");
  }
}

const onAnySession = () =>
  t("output or input on any session of this connection; keepalive requests do not count");
