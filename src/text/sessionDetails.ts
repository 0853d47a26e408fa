import { t } from "../base/localize.ts";
import { printable } from "../base/log.ts";
import type { ChannelDetails } from "../engine/connectionEngine.ts";
import type { MasterSnapshot } from "../session/masterSnapshotTypes.ts";
import type { LimitKind, SessionOutcome, SessionSnapshot } from "../session/sessionTypes.ts";
import { dayAndTime } from "./clockTimes.ts";
import { formatDuration } from "./durations.ts";
import { endReasonText } from "./endReasons.ts";
import { failureWords } from "./failureWords.ts";
import {
  agoText,
  connectionStateName,
  noneText,
  offText,
  sessionKindName,
  sessionStateName,
  yesNoText,
} from "./stateWords.ts";

/** Bytes for display: `512 B`, `3.4 KiB`. */
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

/** An outcome in a few words, for lists: `exit code 2`, `lost: the server stopped responding`. */
export function describeOutcome(outcome: SessionOutcome): string {
  switch (outcome.kind) {
    case "exited":
      return outcome.code === undefined ? t("ended") : t("exit code {0}", outcome.code);
    case "signalled":
      return outcome.coreDumped
        ? t("signal {0} (core dumped)", printable(outcome.signal, 30))
        : t("signal {0}", printable(outcome.signal, 30));
    case "moved":
      return t("opened in another window");
    case "disconnected":
      return endReasonText("disconnected");
    case "killed":
      return endReasonText("killed");
    case "limit":
      return outcome.extended === true
        ? t(
            "{0} reached, {1} after it was extended",
            limitNames()[outcome.limit],
            formatDuration(outcome.seconds * 1000),
          )
        : t("{0} of {1} reached", limitNames()[outcome.limit], formatDuration(outcome.seconds * 1000));
    case "lost":
      return outcome.said === undefined
        ? t("lost: {0}", endReasonText(outcome.reason))
        : t(`lost: {0}: "{1}"`, endReasonText(outcome.reason), printable(outcome.said.trim(), 200));
    case "failed":
      return t("did not open: {0}", failureWords(outcome.error));
  }
}

/** The names of limits for display. */
export const limitNames = (): Readonly<Record<LimitKind, string>> => ({
  time: t("time limit"),
  idle: t("idle limit"),
  "channel-timeout": "ChannelTimeout",
  "global-timeout": t("ChannelTimeout global"),
});

const outcomeNames = (): Readonly<Record<ChannelDetails["requests"][number]["outcome"], string>> => ({
  accepted: t("accepted"),
  refused: t("refused"),
  "no reply asked": t("sent, no reply requested"),
  pending: t("sent, no reply yet"),
});

/** Names and values below a heading, safe to show. */
export interface DetailsSection {
  readonly title: string;
  readonly rows: readonly (readonly [name: string, value: string])[];
}

/**
 * The properties of a session channel and of its connection (RFC 4254 sections 5 and 6). `now`: wall-clock
 * milliseconds.
 */
export function sessionSections(
  session: SessionSnapshot,
  channel: ChannelDetails | undefined,
  master: MasterSnapshot | undefined,
  now: number,
): readonly DetailsSection[] {
  return [
    section(t("Session {0}", session.title), [
      [t("Host"), session.spec],
      [t("Kind"), sessionKindName(session.kind)],
      [t("State"), sessionStateName(session.state.kind)],
      [t("Outcome"), session.outcome && describeOutcome(session.outcome)],
      [t("Since"), ago(session.since, now)],
      [t("Last data"), ago(session.lastActivity, now)],
      [t("Received"), size(session.bytesIn)],
      [t("Sent"), size(session.bytesOut)],
      [t("Folder"), session.folder],
      ...session.limits.map(
        ({ kind, seconds, endsAt }) =>
          [
            t("Limit: {0}", limitNames()[kind]),
            t(
              "{0}, ends in {1} ({2})",
              formatDuration(seconds * 1000),
              formatDuration(endsAt - now),
              dayAndTime(endsAt, now),
            ),
          ] as const,
      ),
      [t("Limit"), session.state.kind === "open" && session.limits.length === 0 ? noneText() : undefined],
    ]),
    ...(channel === undefined ? [] : channelSections(channel)),
    ...(master === undefined ? [] : connectionSections(master, now)),
  ];
}

function channelSections(channel: ChannelDetails): readonly DetailsSection[] {
  const ends = (sent: boolean, received: boolean): string =>
    t(
      "ours {0}, the server's {1}",
      sent ? t("sent") : t("not sent"),
      received ? t("received") : t("not received"),
    );
  return [
    section(t("Channel (RFC 4254)"), [
      [t("Type"), channel.type],
      [t("Our id"), channel.localId],
      [t("Server's id"), channel.remoteId],
      [t("Our window left"), size(channel.localWindow)],
      [t("Server's window left"), size(channel.remoteWindow)],
      [t("Largest packet to us"), size(channel.maxPacketIn)],
      [t("Largest packet to server"), size(channel.maxPacketOut)],
      ["EOF", ends(channel.eofSent, channel.eofReceived)],
      [t("Close"), ends(channel.closeSent, channel.closeReceived)],
    ]),
    section(
      t("Requests"),
      channel.requests.map(({ name, detail, outcome }) => [name, requestResult(outcome, detail)]),
    ),
  ];
}

/** The result of a channel request: `accepted: xterm 80x24`. */
export function requestResult(
  outcome: ChannelDetails["requests"][number]["outcome"],
  detail: string,
): string {
  return detail === "" ? outcomeNames()[outcome] : `${outcomeNames()[outcome]}: ${detail}`;
}

/** The properties of a connection. `now`: wall-clock milliseconds. */
export function connectionSections(master: MasterSnapshot, now: number): readonly DetailsSection[] {
  const { destination, keepalive, algorithms } = master;
  return [
    section(t("Connection to {0}", master.spec), [
      [t("Destination"), `${destination.user}@${destination.hostName}:${destination.port}`],
      [t("Via"), master.via.length === 0 ? undefined : master.via.join(", ")],
      [t("State"), connectionStateName(master.state.kind)],
      [t("Since"), ago(master.since, now)],
      [t("Our address"), master.localAddress],
      [t("Peer address"), master.remoteAddress],
      [t("Server"), master.serverVersion],
      [t("Key exchange"), algorithms?.kex],
      [t("Host key"), algorithms?.hostKey],
      [t("Cipher"), algorithms?.cipher],
      ["MAC", algorithms && (algorithms.mac ?? t("part of the cipher"))],
      [t("Sessions"), master.sessions.filter(({ state }) => state.kind !== "ended").length],
      [t("Received"), size(master.bytesIn)],
      [t("Sent"), size(master.bytesOut)],
      [t("Round trip"), master.roundTripMs === undefined ? undefined : `${master.roundTripMs.toFixed(1)} ms`],
      [
        t("Keepalive"),
        keepalive.serverAliveInterval === 0
          ? offText()
          : t(
              "every {0} without data, lost after {1} without reply",
              formatDuration(keepalive.serverAliveInterval * 1000),
              keepalive.serverAliveCountMax,
            ),
      ],
      [t("Replies to keepalive"), repliesText(master)],
    ]),
  ];
}

function repliesText({ state, probesIgnored }: MasterSnapshot): string | undefined {
  switch (state.kind) {
    case "connecting":
    case "reconnecting":
    case "lost":
    case "closed":
      return undefined;
    case "suspect":
    case "hung":
      return yesNoText(false);
    case "ready":
    case "lingering":
    case "disconnecting":
      return probesIgnored ? t("no (keepalive timeout disabled)") : yesNoText(true);
  }
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
  return `${dayAndTime(time, now)} (${agoText(formatDuration(now - time))})`;
}

function size(bytes: number | undefined): string | undefined {
  if (bytes === undefined) {
    return undefined;
  }
  return bytes < 1024 ? formatBytes(bytes) : t("{0} bytes ({1})", bytes, formatBytes(bytes));
}
