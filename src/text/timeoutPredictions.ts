import { t } from "../base/localize.ts";
import {
  type ChannelTimeout,
  channelTimeoutFor,
  globalTimeoutOf,
  type SessionRequestName,
  sessionChannelType,
  sessionTimeoutFor,
} from "../config/channelTimeouts.ts";
import type { OurTimeouts, ServerTimeouts } from "../remote/timeoutFacts.ts";
import { formatDuration } from "./durations.ts";

/** What is idle, or which side has vanished. */
export type Situation =
  /** A terminal at its prompt; both sides are alive, and there is no input or output. */
  | "idle-terminal"
  /** A command or subsystem without a terminal and without output. */
  | "idle-command"
  /** A connection without a session. */
  | "no-session"
  /** Our side vanished: asleep, or off the network. What the server then does. */
  | "client-gone"
  /** The server vanished. What we then do. */
  | "server-gone";

export type Ender = "shell" | "server" | "server-kernel" | "logind" | "us";

/** One event that ends something. */
export interface Prediction {
  readonly situation: Situation;
  readonly by: Ender;
  /** Seconds from the last input, output, or keepalive reply. */
  readonly afterSeconds: number;
  readonly ends: "shell" | "session" | "connection";
  /** The responsible setting, with its value and its source. Untrusted text. */
  readonly setting: string;
  readonly source: string;
  /** What prevents it. */
  readonly prevention: string;
  /** It depends on a line that may not apply (a condition in a start file). */
  readonly uncertain: boolean;
}

export const situations: readonly Situation[] = [
  "idle-terminal",
  "idle-command",
  "no-session",
  "client-gone",
  "server-gone",
];

/** All events that would end each situation, soonest first. The first one of a situation ends it. */
export function predictEnds(server: ServerTimeouts, ours: OurTimeouts): Prediction[] {
  const found = [
    ...idleEnds("idle-terminal", server, ours),
    ...idleEnds("idle-command", server, ours),
    ...noSessionEnds(server, ours),
    ...clientGoneEnds(server),
    ...serverGoneEnds(ours),
  ];
  return situations.flatMap((situation) =>
    found
      .filter((prediction) => prediction.situation === situation)
      .sort((a, b) => a.afterSeconds - b.afterSeconds),
  );
}

function idleEnds(
  situation: "idle-terminal" | "idle-command",
  server: ServerTimeouts,
  ours: OurTimeouts,
): Prediction[] {
  const ends: Prediction[] = [];
  const request: SessionRequestName = situation === "idle-terminal" ? { type: "shell" } : { type: "exec" };
  if (situation === "idle-terminal" && server.tmout !== undefined && server.tmout.value > 0) {
    ends.push({
      situation,
      by: "shell",
      afterSeconds: server.tmout.value,
      ends: "shell",
      setting: `TMOUT=${server.tmout.value}`,
      source: server.tmout.source,
      prevention: t("`unset TMOUT` in your own startup file (not possible if it is read-only)"),
      uncertain: server.tmout.source !== "the environment",
    });
  }
  const remote = channelTimeoutFor(server.channelTimeouts.value, sessionChannelType(request));
  const remoteGlobal = globalTimeoutOf(server.channelTimeouts.value);
  for (const [timeout, prevention] of [
    [remote, t("output or input on the session itself; keepalive requests do not count")],
    [remoteGlobal, t("output or input on any session of this connection; keepalive requests do not count")],
  ] as const) {
    if (timeout !== undefined) {
      ends.push({
        situation,
        by: "server",
        afterSeconds: timeout.seconds,
        ends: "session",
        setting: channelTimeoutText(timeout),
        source: server.channelTimeouts.source,
        prevention,
        uncertain: false,
      });
    }
  }
  if (server.dropbearIdle !== undefined && server.dropbearIdle.value > 0) {
    ends.push({
      situation,
      by: "server",
      afterSeconds: server.dropbearIdle.value,
      ends: "connection",
      setting: `-I ${server.dropbearIdle.value}`,
      source: server.dropbearIdle.source,
      prevention: t("output or input on any session of this connection; keepalive requests do not count"),
      uncertain: false,
    });
  }
  const stopIdle = server.logind?.stopIdleSession;
  if (situation === "idle-terminal" && stopIdle !== undefined && stopIdle > 0) {
    ends.push({
      situation,
      by: "logind",
      afterSeconds: stopIdle,
      ends: "session",
      setting: `StopIdleSessionSec=${stopIdle}`,
      source: "systemd-logind",
      prevention: t("input on the terminal; keepalive requests do not count"),
      uncertain: false,
    });
  }
  return [...ends, ...ourLimits(situation, request, ours)];
}

function ourLimits(situation: Situation, request: SessionRequestName, ours: OurTimeouts): Prediction[] {
  const ends: Prediction[] = [];
  const limit = (afterSeconds: number, setting: string, source: string, prevention: string): void => {
    ends.push({
      situation,
      by: "us",
      afterSeconds,
      ends: "session",
      setting,
      source,
      prevention,
      uncertain: false,
    });
  };
  const own = [
    sessionTimeoutFor(ours.channelTimeouts.value, request),
    globalTimeoutOf(ours.channelTimeouts.value),
  ];
  for (const timeout of own.filter((each) => each !== undefined)) {
    limit(
      timeout.seconds,
      channelTimeoutText(timeout),
      ours.channelTimeouts.source,
      t("another ChannelTimeout for this host"),
    );
  }
  if (ours.idleLimit.value > 0) {
    limit(
      ours.idleLimit.value,
      t("idle limit {0}", formatDuration(ours.idleLimit.value * 1000)),
      ours.idleLimit.source,
      t("another idle limit for this host"),
    );
  }
  if (ours.timeLimit.value > 0) {
    limit(
      ours.timeLimit.value,
      t("time limit {0}", formatDuration(ours.timeLimit.value * 1000)),
      ours.timeLimit.source,
      t("another time limit for this host, or Extend when the warning appears"),
    );
  }
  return ends;
}

function channelTimeoutText({ pattern, seconds }: ChannelTimeout): string {
  return t("ChannelTimeout {0}={1}s", pattern, seconds);
}

function noSessionEnds(server: ServerTimeouts, ours: OurTimeouts): Prediction[] {
  const ends: Prediction[] = [];
  if (Number.isFinite(ours.linger.value)) {
    ends.push({
      situation: "no-session",
      by: "us",
      afterSeconds: ours.linger.value,
      ends: "connection",
      setting: t("linger {0}", formatDuration(ours.linger.value * 1000)),
      source: ours.linger.source,
      prevention: t("a longer linger time for this host"),
      uncertain: false,
    });
  }
  if (server.unusedConnectionTimeout.value > 0) {
    ends.push({
      situation: "no-session",
      by: "server",
      afterSeconds: server.unusedConnectionTimeout.value,
      ends: "connection",
      setting: t("UnusedConnectionTimeout {0}", server.unusedConnectionTimeout.value),
      source: server.unusedConnectionTimeout.source,
      prevention: t("an open session; keepalive requests do not count"),
      uncertain: false,
    });
  }
  return ends;
}

function clientGoneEnds(server: ServerTimeouts): Prediction[] {
  const ends: Prediction[] = [];
  const interval = server.clientAliveInterval;
  const count = server.clientAliveCountMax;
  if (interval.value > 0 && count.value > 0) {
    ends.push({
      situation: "client-gone",
      by: "server",
      // serverloop.c: it gives up one interval after the maximum number of probes without a reply.
      afterSeconds: interval.value * (count.value + 1),
      ends: "connection",
      setting: t("ClientAliveInterval {0}, ClientAliveCountMax {1}", interval.value, count.value),
      source: bothSources(interval.source, count.source),
      prevention: t("reconnecting to the network in time; a greater ClientAliveCountMax on the server"),
      uncertain: false,
    });
  }
  if (server.dropbearKeepalive !== undefined && server.dropbearKeepalive.value > 0) {
    ends.push({
      situation: "client-gone",
      by: "server",
      // Dropbear's sysoptions.h: DEFAULT_KEEPALIVE_LIMIT is 3.
      afterSeconds: server.dropbearKeepalive.value * 3,
      ends: "connection",
      setting: `-K ${server.dropbearKeepalive.value}`,
      source: server.dropbearKeepalive.source,
      prevention: t("reconnecting to the network in time; a greater -K on the server"),
      uncertain: false,
    });
  }
  if (server.tcpKeepAlive.value && server.kernel !== undefined) {
    const { keepaliveTime, keepaliveInterval, keepaliveProbes } = server.kernel;
    ends.push({
      situation: "client-gone",
      by: "server-kernel",
      afterSeconds: keepaliveTime + keepaliveInterval * keepaliveProbes,
      ends: "connection",
      setting: t(
        "TCPKeepAlive yes, tcp_keepalive_time {0}, tcp_keepalive_intvl {1}, tcp_keepalive_probes {2}",
        keepaliveTime,
        keepaliveInterval,
        keepaliveProbes,
      ),
      source: server.tcpKeepAlive.source,
      prevention: t("reconnecting to the network in time"),
      uncertain: false,
    });
  }
  return ends;
}

function serverGoneEnds(ours: OurTimeouts): Prediction[] {
  const { serverAliveInterval: interval, serverAliveCountMax: count } = ours;
  if (interval.value === 0 || ours.probesIgnored) {
    return [];
  }
  return [
    {
      situation: "server-gone",
      by: "us",
      // clientloop.c counts like serverloop.c.
      afterSeconds: interval.value * (count.value + 1),
      ends: "connection",
      setting: t("ServerAliveInterval {0}, ServerAliveCountMax {1}", interval.value, count.value),
      source: bothSources(interval.source, count.source),
      prevention: t("a greater ServerAliveCountMax for this host"),
      uncertain: false,
    },
  ];
}

function bothSources(first: string, second: string): string {
  return first === second ? first : `${first}, ${second}`;
}
