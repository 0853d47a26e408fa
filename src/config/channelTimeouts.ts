import { matchPattern } from "./patterns.ts";

/** One `type=interval` of ChannelTimeout, from ssh_config or sshd_config. */
export interface ChannelTimeout {
  /** A channel type, possibly with wildcards, or `global`. */
  readonly pattern: string;
  /** 0: no limit for what the pattern matches. */
  readonly seconds: number;
}

/**
 * The keyword for the limit on silence across all channels. No wildcard matches it, and no channel has this type
 * (channels.c, channel_add_timeout).
 */
const globalKeyword = "global";

/** The request on a channel of type `session` (RFC 4254 section 6.5). */
export type SessionRequestName =
  | { readonly type: "shell" }
  | { readonly type: "exec" }
  | { readonly type: "subsystem"; readonly name: string };

/** The channel's type as sshd_config(5) and session.c name it. */
export function sessionChannelType(request: SessionRequestName): string {
  switch (request.type) {
    case "shell":
      return "session:shell";
    case "exec":
      return "session:command";
    case "subsystem":
      return `session:subsystem:${request.name}`;
  }
}

/**
 * The limit for a channel, from the first pattern that matches one of its names (channels.c, lookup_timeout).
 * @param types the channel's names. sshd has one for each channel; for ssh a session is `session` (ssh_config(5)),
 *   and we also accept the names of sshd_config(5).
 * @returns undefined where nothing matches, or the match switches the limit off.
 */
export function channelTimeoutFor(
  timeouts: readonly ChannelTimeout[],
  ...types: readonly string[]
): ChannelTimeout | undefined {
  return limiting(timeouts.find(({ pattern }) => types.some((type) => matchPattern(type, pattern))));
}

/** The limit for our own session, from ssh_config. */
export function sessionTimeoutFor(
  timeouts: readonly ChannelTimeout[],
  request: SessionRequestName,
): ChannelTimeout | undefined {
  return channelTimeoutFor(timeouts, "session", sessionChannelType(request));
}

/**
 * The limit on silence across all channels of a connection. The last one counts, because each replaces the one
 * before.
 */
export function globalTimeoutOf(timeouts: readonly ChannelTimeout[]): ChannelTimeout | undefined {
  return limiting(timeouts.findLast(({ pattern }) => pattern === globalKeyword));
}

function limiting(timeout: ChannelTimeout | undefined): ChannelTimeout | undefined {
  return timeout === undefined || timeout.seconds === 0 ? undefined : timeout;
}
