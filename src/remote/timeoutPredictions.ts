/** What ends an idle or broken session or connection, and when. */

import {
  type ChannelTimeout,
  channelTimeoutFor,
  globalTimeoutOf,
  type SessionRequestName,
  sessionChannelType,
  sessionTimeoutFor,
} from "../config/channelTimeouts.ts";
import type { OurTimeouts, ServerTimeouts } from "./timeoutFacts.ts";

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

/** The setting that ends something. Times are seconds. */
export type TimeoutRule =
  | { readonly kind: "tmout"; readonly seconds: number }
  /** `ours`: ssh_config's, otherwise sshd_config's. `isGlobal`: activity on any session of the connection counts. */
  | {
      readonly kind: "channel-timeout";
      readonly timeout: ChannelTimeout;
      readonly ours: boolean;
      readonly isGlobal: boolean;
    }
  /** Dropbear's `-I` and `-K`. */
  | { readonly kind: "dropbear-idle"; readonly seconds: number }
  | { readonly kind: "dropbear-keepalive"; readonly interval: number }
  /** StopIdleSessionSec of logind. */
  | { readonly kind: "stop-idle-session"; readonly seconds: number }
  | { readonly kind: "idle-limit" | "time-limit" | "linger"; readonly seconds: number }
  | { readonly kind: "unused-connection"; readonly seconds: number }
  | { readonly kind: "client-alive" | "server-alive"; readonly interval: number; readonly count: number }
  | {
      readonly kind: "tcp-keepalive";
      readonly kernel: Exclude<ServerTimeouts["kernel"], undefined>;
    };

/** One event that ends something. */
export interface Prediction {
  readonly situation: Situation;
  readonly by: Ender;
  /** Seconds from the last input, output, or keepalive reply. */
  readonly afterSeconds: number;
  readonly ends: "shell" | "session" | "connection";
  readonly rule: TimeoutRule;
  /** Where the setting is. Untrusted text. */
  readonly source: string;
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
      rule: { kind: "tmout", seconds: server.tmout.value },
      source: server.tmout.source,
      uncertain: server.tmout.source !== "the environment",
    });
  }
  const remote = channelTimeoutFor(server.channelTimeouts.value, sessionChannelType(request));
  const remoteGlobal = globalTimeoutOf(server.channelTimeouts.value);
  for (const [timeout, isGlobal] of [
    [remote, false],
    [remoteGlobal, true],
  ] as const) {
    if (timeout !== undefined) {
      ends.push({
        situation,
        by: "server",
        afterSeconds: timeout.seconds,
        ends: "session",
        rule: { kind: "channel-timeout", timeout, ours: false, isGlobal },
        source: server.channelTimeouts.source,
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
      rule: { kind: "dropbear-idle", seconds: server.dropbearIdle.value },
      source: server.dropbearIdle.source,
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
      rule: { kind: "stop-idle-session", seconds: stopIdle },
      source: "systemd-logind",
      uncertain: false,
    });
  }
  return [...ends, ...ourLimits(situation, request, ours)];
}

function ourLimits(situation: Situation, request: SessionRequestName, ours: OurTimeouts): Prediction[] {
  const ends: Prediction[] = [];
  const limit = (afterSeconds: number, rule: TimeoutRule, source: string): void => {
    ends.push({ situation, by: "us", afterSeconds, ends: "session", rule, source, uncertain: false });
  };
  const session = sessionTimeoutFor(ours.channelTimeouts.value, request);
  const global = globalTimeoutOf(ours.channelTimeouts.value);
  for (const [timeout, isGlobal] of [
    [session, false],
    [global, true],
  ] as const) {
    if (timeout !== undefined) {
      const rule = { kind: "channel-timeout", timeout, ours: true, isGlobal } as const;
      limit(timeout.seconds, rule, ours.channelTimeouts.source);
    }
  }
  for (const [kind, { value: seconds, source }] of [
    ["idle-limit", ours.idleLimit],
    ["time-limit", ours.timeLimit],
  ] as const) {
    if (seconds > 0) {
      limit(seconds, { kind, seconds }, source);
    }
  }
  return ends;
}

function noSessionEnds(server: ServerTimeouts, ours: OurTimeouts): Prediction[] {
  const ends: Prediction[] = [];
  if (Number.isFinite(ours.linger.value)) {
    ends.push({
      situation: "no-session",
      by: "us",
      afterSeconds: ours.linger.value,
      ends: "connection",
      rule: { kind: "linger", seconds: ours.linger.value },
      source: ours.linger.source,
      uncertain: false,
    });
  }
  if (server.unusedConnectionTimeout.value > 0) {
    ends.push({
      situation: "no-session",
      by: "server",
      afterSeconds: server.unusedConnectionTimeout.value,
      ends: "connection",
      rule: { kind: "unused-connection", seconds: server.unusedConnectionTimeout.value },
      source: server.unusedConnectionTimeout.source,
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
      afterSeconds: unansweredSeconds(interval.value, count.value),
      ends: "connection",
      rule: { kind: "client-alive", interval: interval.value, count: count.value },
      source: bothSources(interval.source, count.source),
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
      rule: { kind: "dropbear-keepalive", interval: server.dropbearKeepalive.value },
      source: server.dropbearKeepalive.source,
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
      rule: { kind: "tcp-keepalive", kernel: server.kernel },
      source: server.tcpKeepAlive.source,
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
      afterSeconds: unansweredSeconds(interval.value, count.value),
      ends: "connection",
      rule: { kind: "server-alive", interval: interval.value, count: count.value },
      source: bothSources(interval.source, count.source),
      uncertain: false,
    },
  ];
}

/** serverloop.c and clientloop.c: they give up one interval after the maximum number of probes without a reply. */
function unansweredSeconds(interval: number, countMax: number): number {
  return interval * (countMax + 1);
}

function bothSources(first: string, second: string): string {
  return first === second ? first : `${first}, ${second}`;
}
