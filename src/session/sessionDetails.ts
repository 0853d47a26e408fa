import { printable } from "../base/log.ts";
import type { ChannelDetails } from "../engine/connectionEngine.ts";
import type { MasterSnapshot } from "./masterSnapshotTypes.ts";
import type { LimitKind, SessionOutcome, SessionSnapshot } from "./sessionTypes.ts";

/** Bytes for people: `512 B`, `3.4 KiB`. */
export function formatBytes(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** Milliseconds for people: `4 s`, `3 m 20 s`, `2 h 5 m`, `3 d 4 h`. */
export function formatDuration(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const parts: readonly [number, string][] = [
    [Math.floor(seconds / 86_400), "d"],
    [Math.floor(seconds / 3600) % 24, "h"],
    [Math.floor(seconds / 60) % 60, "m"],
    [seconds % 60, "s"],
  ];
  const first = parts.findIndex(([value]) => value > 0);
  if (first === -1) {
    return "0 s";
  }
  return parts
    .slice(first, first + 2)
    .filter(([value]) => value > 0)
    .map(([value, unit]) => `${value} ${unit}`)
    .join(" ");
}

/** An outcome in a few words, for lists: `exit code 2`, `lost: the peer stopped answering`. */
export function describeOutcome(outcome: SessionOutcome): string {
  switch (outcome.kind) {
    case "exited":
      return outcome.code === undefined ? "ended" : `exit code ${outcome.code}`;
    case "signalled":
      return `signal ${printable(outcome.signal, 30)}${outcome.coreDumped ? " (core dumped)" : ""}`;
    case "disconnected":
      return "disconnected";
    case "killed":
      return "killed";
    case "limit":
      return `${limitNames[outcome.limit]} of ${formatDuration(outcome.seconds * 1000)} reached`;
    case "lost":
      return `lost: ${lossNames[outcome.reason]}`;
    case "failed":
      return `did not open: ${printable(outcome.error.message, 80)}`;
  }
}

/** Limits as people read of them. */
export const limitNames: Readonly<Record<LimitKind, string>> = {
  time: "time limit",
  idle: "idle limit",
  "channel-timeout": "ChannelTimeout",
  "global-timeout": "ChannelTimeout global",
};

const outcomeNames: Readonly<Record<ChannelDetails["requests"][number]["outcome"], string>> = {
  accepted: "accepted",
  refused: "refused",
  "no reply asked": "sent, no answer asked",
  pending: "sent, not answered",
};

const lossNames = {
  "linger-over": "nobody needed the connection",
  disconnected: "the connection was disconnected",
  killed: "the connection was killed",
  unresponsive: "the server stopped answering",
  "closed-by-server": "the server closed the connection",
  "connection-lost": "the connection broke",
  "jump-lost": "the connection to the jump host broke",
  "connect-failed": "the connection did not come up",
  shutdown: "the window closed",
} as const;

/** Facts below a heading: names and values, harmless to show. */
export interface DetailsSection {
  readonly title: string;
  readonly rows: readonly (readonly [name: string, value: string])[];
}

/**
 * What a session channel is made of, and what carries it (RFC 4254 sections 5 and 6). `now`: wall-clock milliseconds.
 */
export function sessionSections(
  session: SessionSnapshot,
  channel: ChannelDetails | undefined,
  master: MasterSnapshot | undefined,
  now: number,
): readonly DetailsSection[] {
  return [
    section(`Session ${session.id}: ${session.title}`, [
      ["Host", session.spec],
      ["Kind", session.kind],
      ["State", session.state.kind],
      ["Outcome", session.outcome && describeOutcome(session.outcome)],
      ["Since", ago(session.since, now)],
      ["Last data", ago(session.lastActivity, now)],
      ["Received", size(session.bytesIn)],
      ["Sent", size(session.bytesOut)],
      ["Folder", session.folder],
      ...session.limits.map(
        ({ kind, seconds, endsAt }) =>
          [
            `Limit: ${limitNames[kind]}`,
            `${formatDuration(seconds * 1000)}, ends in ${formatDuration(endsAt - now)} (${new Date(endsAt).toISOString()})`,
          ] as const,
      ),
      ["Limit", session.state.kind === "open" && session.limits.length === 0 ? "none" : undefined],
    ]),
    ...(channel === undefined ? [] : channelSections(channel)),
    ...(master === undefined ? [] : connectionSections(master, now)),
  ];
}

function channelSections(channel: ChannelDetails): readonly DetailsSection[] {
  const ends = (sent: boolean, received: boolean): string =>
    `ours ${sent ? "sent" : "not sent"}, the server's ${received ? "received" : "not received"}`;
  return [
    section("Channel (RFC 4254)", [
      ["Type", channel.type],
      ["Our id", channel.localId],
      ["Server's id", channel.remoteId],
      ["Our window left", size(channel.localWindow)],
      ["Server's window left", size(channel.remoteWindow)],
      ["Largest packet to us", size(channel.maxPacketIn)],
      ["Largest packet to server", size(channel.maxPacketOut)],
      ["EOF", ends(channel.eofSent, channel.eofReceived)],
      ["Close", ends(channel.closeSent, channel.closeReceived)],
    ]),
    section(
      "Requests",
      channel.requests.map(({ name, detail, outcome }) => [name, requestResult(outcome, detail)]),
    ),
  ];
}

/** What came of a channel request: `accepted: xterm 80x24`. */
export function requestResult(
  outcome: ChannelDetails["requests"][number]["outcome"],
  detail: string,
): string {
  return detail === "" ? outcomeNames[outcome] : `${outcomeNames[outcome]}: ${detail}`;
}

/** What is known of a connection. `now`: wall-clock milliseconds. */
export function connectionSections(master: MasterSnapshot, now: number): readonly DetailsSection[] {
  const { destination, keepalive, algorithms } = master;
  return [
    section(`Connection ${master.id}`, [
      ["Destination", `${destination.user}@${destination.hostName}:${destination.port}`],
      ["Via", master.via.length === 0 ? undefined : master.via.join(", ")],
      ["State", master.state.kind],
      ["Since", ago(master.since, now)],
      ["Our address", master.localAddress],
      ["Peer address", master.remoteAddress],
      ["Server", master.serverVersion],
      ["Key exchange", algorithms?.kex],
      ["Host key", algorithms?.hostKey],
      ["Cipher", algorithms?.cipher],
      ["MAC", algorithms && (algorithms.mac ?? "part of the cipher")],
      ["Sessions", master.sessions.length],
      ["Received", size(master.bytesIn)],
      ["Sent", size(master.bytesOut)],
      ["Round trip", master.roundTripMs === undefined ? undefined : `${master.roundTripMs.toFixed(1)} ms`],
      [
        "Heartbeat",
        keepalive.serverAliveInterval === 0
          ? "off"
          : `every ${keepalive.serverAliveInterval} s of silence, dead after ${keepalive.serverAliveCountMax} unanswered`,
      ],
      ["Answers probes", master.probesIgnored ? "no: silence proves nothing here" : "yes"],
    ]),
  ];
}

/** Sections as aligned plain text. */
export function reportText(sections: readonly DetailsSection[]): string {
  return sections
    .flatMap(({ title, rows }) => [
      title,
      "-".repeat(title.length),
      ...rows.map(([name, value]) => `${name.padEnd(26)}${value}`),
      "",
    ])
    .join("\n");
}

function section(
  title: string,
  rows: readonly (readonly [string, string | number | undefined])[],
): DetailsSection {
  return {
    title: printable(title),
    rows: rows.flatMap(([name, value]) =>
      value === undefined ? [] : [[printable(name), printable(String(value))] as const],
    ),
  };
}

function ago(time: number, now: number): string {
  return `${new Date(time).toISOString()} (${formatDuration(now - time)} ago)`;
}

function size(bytes: number | undefined): string | undefined {
  return bytes === undefined ? undefined : `${bytes} bytes (${formatBytes(bytes)})`;
}
