/** The details page of a session or a connection, as plain data. No vscode. */

import { plural, t } from "../base/localize.ts";
import { printable } from "../base/log.ts";
import type { ChannelDetails, ChannelMoment } from "../engine/connectionEngine.ts";
import type { ConnectionPast } from "../session/connectionTrail.ts";
import type { DetailsHistory } from "../session/detailsHistory.ts";
import type { MasterSnapshot } from "../session/masterSnapshotTypes.ts";
import type { SessionOutcome, SessionSnapshot, SessionState } from "../session/sessionTypes.ts";
import { clockTimeToTheMillisecond } from "./clockTimes.ts";
import type { DetailsPage, DetailsPlot, DetailsTone, TimelineItem } from "./detailsPageTypes.ts";
import { formatDuration } from "./durations.ts";
import { destinationText } from "./humanText.ts";
import {
  connectionSections,
  describeOutcome,
  formatBytes,
  requestResult,
  sessionSections,
} from "./sessionDetails.ts";
import { connectionStateName, sessionKindName, sessionStateName, unknownText } from "./stateWords.ts";

const buttons = () => ({ copy: t("Copy as Text"), openText: t("Open as Text") }) as const;

/** @param now wall-clock milliseconds. */
export function sessionPage(
  session: SessionSnapshot,
  channel: ChannelDetails | undefined,
  master: MasterSnapshot | undefined,
  history: DetailsHistory,
  now: number,
): DetailsPage {
  return {
    title: printable(session.title),
    subtitle: t(
      "{0} on {1}{2}",
      sessionKindName(session.kind),
      printable(session.spec),
      master === undefined ? "" : ` · ${printable(destinationText(master.destination))}`,
    ),
    state: sessionState(session.state),
    sections: sessionSections(session, channel, master, now),
    timelineTitle: t("Channel timeline"),
    timeline: timeline(channelMoments(session, channel)),
    plots:
      session.state.kind === "ended" && history.samples.length === 0
        ? []
        : [
            ...(master === undefined ? [] : [roundTripPlot(master.roundTrips)]),
            throughputPlot(history),
            windowPlot(history),
          ],
    buttons: buttons(),
  };
}

/**
 * @param ended the last sessions that ended on it.
 * @param now wall-clock milliseconds.
 * @param past the states before this one, and the earlier connections to the host.
 */
export function connectionPage(
  master: MasterSnapshot,
  ended: readonly SessionSnapshot[],
  history: DetailsHistory,
  now: number,
  past?: Pick<ConnectionPast, "connected" | "states">,
): DetailsPage {
  return {
    title: printable(master.spec),
    subtitle: t("connection to {0}", printable(destinationText(master.destination))),
    state: { text: connectionStateName(master.state.kind), tone: connectionTones[master.state.kind] },
    sections: [
      ...connectionSections(master, now),
      {
        title: t("Sessions"),
        rows: master.sessions.map((session) => [
          printable(session.title),
          `${sessionKindName(session.kind)}, ${sessionStateIn(master, session.state.kind)}`,
        ]),
      },
    ],
    timelineTitle: t("Connection timeline"),
    timeline: timeline(connectionMoments(master, ended, past)),
    plots: [roundTripPlot(master.roundTrips), throughputPlot(history)],
    buttons: buttons(),
  };
}

const connectionTones: Readonly<Record<MasterSnapshot["state"]["kind"], DetailsTone>> = {
  connecting: "busy",
  ready: "good",
  lingering: "off",
  suspect: "warning",
  hung: "bad",
  disconnecting: "busy",
  lost: "bad",
  closed: "off",
  reconnecting: "warning",
};

function sessionState(state: SessionState): DetailsPage["state"] {
  switch (state.kind) {
    case "opening":
      return { text: sessionStateName("opening"), tone: "busy" };
    case "open":
      return { text: sessionStateName("open"), tone: "good" };
    case "ending":
      return { text: sessionStateName("ending"), tone: "busy" };
    case "ended":
      return { text: describeOutcome(state.outcome), tone: outcomeTone(state.outcome) };
  }
}

function outcomeTone(outcome: SessionOutcome): DetailsTone {
  switch (outcome.kind) {
    case "exited":
      return outcome.code === 0 || outcome.code === undefined ? "off" : "warning";
    case "moved":
    case "disconnected":
    case "killed":
      return "off";
    case "signalled":
    case "limit":
      return "warning";
    case "lost":
    case "failed":
      return "bad";
  }
}

interface Moment {
  readonly at: number;
  readonly label: string;
  readonly detail?: string;
  readonly tone: DetailsTone;
}

/** `name`: of the request, as RFC 4254 has it. */
type RequestMoment = Moment & { readonly name: string };

const momentTexts = (): Readonly<Record<ChannelMoment["kind"], Omit<Moment, "at">>> => ({
  opened: { label: t("Channel opened"), detail: t("The server confirmed it."), tone: "good" },
  "exit-received": { label: t("Exit status received"), tone: "off" },
  "eof-sent": { label: t("EOF sent"), detail: t("The program gets no more input."), tone: "off" },
  "eof-received": { label: t("EOF received"), detail: t("The server sends no more output."), tone: "off" },
  "close-sent": { label: t("Close sent"), tone: "off" },
  "close-received": { label: t("Close received"), tone: "off" },
  "connection-lost": { label: t("Connection lost"), tone: "bad" },
});

function channelMoments(session: SessionSnapshot, channel: ChannelDetails | undefined): readonly Moment[] {
  const requests = (channel?.requests ?? []).flatMap(({ name, detail, outcome, at }): RequestMoment[] =>
    at === undefined
      ? []
      : [
          {
            at,
            name,
            label: t("Request {0}", printable(name)),
            detail: printable(requestResult(outcome, detail)),
            tone: outcome === "refused" ? "warning" : outcome === "accepted" ? "good" : "off",
          },
        ],
  );
  const { state } = session;
  return [
    { at: session.since, label: t("Session requested"), tone: "off" },
    ...(channel?.moments ?? []).map(({ kind, at }) => ({ at, ...momentTexts()[kind] })),
    ...joinResizes(requests),
    ...(state.kind === "ended"
      ? [
          {
            at: state.since,
            label: t("Session ended"),
            detail: describeOutcome(state.outcome),
            tone: outcomeTone(state.outcome),
          },
        ]
      : []),
  ];
}

/** A window is resized often, and only the last size of a series matters. */
function joinResizes(requests: readonly RequestMoment[]): readonly Moment[] {
  const joined: Moment[] = [];
  let run = 0;
  for (const request of requests) {
    run = request.name === "window-change" ? run + 1 : 0;
    if (run > 1) {
      joined.pop();
    }
    joined.push(run > 1 ? { ...request, label: t("{0}, {1} times", request.label, run) } : request);
  }
  return joined;
}

/** An ended session of a lost connection waits for the next one. */
function sessionStateIn(master: MasterSnapshot, kind: SessionState["kind"]): string {
  return master.state.kind === "reconnecting" && kind === "ended" ? t("waits") : sessionStateName(kind);
}

function connectionMoments(
  master: MasterSnapshot,
  ended: readonly SessionSnapshot[],
  past: Pick<ConnectionPast, "connected" | "states"> | undefined,
): readonly Moment[] {
  const { state, sessions } = master;
  const live = new Set(sessions.map(({ id }) => id));
  const states =
    past?.states ??
    (state.kind === "ready" || state.kind === "connecting" ? [] : [{ at: state.since, kind: state.kind }]);
  return [
    ...(past?.connected ?? []).map((at) => ({ at, label: t("Connected"), tone: "good" as const })),
    {
      at: master.since,
      label: state.kind === "connecting" ? t("Connecting") : t("Connected"),
      tone: state.kind === "connecting" ? "busy" : "good",
    },
    ...[...sessions, ...ended.filter(({ id }) => !live.has(id))].flatMap((session): Moment[] => [
      {
        at: session.since,
        label: t("Session {0}", printable(session.title)),
        detail: sessionKindName(session.kind),
        tone: "off",
      },
      ...(session.state.kind === "ended"
        ? [
            {
              at: session.state.since,
              label: t("Session {0} ended", printable(session.title)),
              detail: describeOutcome(session.state.outcome),
              tone: outcomeTone(session.state.outcome),
            },
          ]
        : []),
    ]),
    ...states.map(({ at, kind }) => ({
      at,
      label: t("State: {0}", connectionStateName(kind)),
      tone: connectionTones[kind],
    })),
  ];
}

function timeline(moments: readonly Moment[]): readonly TimelineItem[] {
  const sorted = [...moments].sort((one, other) => one.at - other.at);
  const first = sorted[0]?.at ?? 0;
  return sorted.map(({ at, label, detail = "", tone }) => ({
    time: clockTimeToTheMillisecond(at),
    offset: at - first < 10_000 ? `+${Math.round(at - first)} ms` : `+${formatDuration(at - first)}`,
    label,
    detail,
    tone,
  }));
}

function roundTripPlot(roundTrips: readonly number[]): DetailsPlot {
  const last = roundTrips.at(-1);
  return {
    id: "roundTrip",
    title: t("Round trip"),
    unit: "milliseconds",
    along: "count",
    x: roundTrips.map((_, index) => index + 1),
    series: [{ label: t("Round trip"), values: roundTrips }],
    summary:
      last === undefined
        ? t("No round trip has been measured yet.")
        : t(
            "{0}: last {1} ms, lowest {2} ms, highest {3} ms.",
            plural(roundTrips.length, "{0} measurement", "{0} measurements"),
            last.toFixed(1),
            Math.min(...roundTrips).toFixed(1),
            Math.max(...roundTrips).toFixed(1),
          ),
    empty: t("Shown after the second measurement."),
  };
}

function throughputPlot(history: DetailsHistory): DetailsPlot {
  const rates = history.rates();
  const last = rates.at(-1);
  const speed = (value: number | undefined): string =>
    value === undefined ? unknownText() : t("{0}/s", formatBytes(value));
  return {
    id: "throughput",
    title: t("Throughput"),
    unit: "bytes per second",
    along: "time",
    x: history.samples.map(({ at }) => at / 1000),
    series: [
      { label: t("Received"), values: rates.map((each) => each.in ?? null) },
      { label: t("Sent"), values: rates.map((each) => each.out ?? null) },
    ],
    summary:
      last?.in === undefined && last?.out === undefined
        ? t("Measured once a second.")
        : t("Received {0}, sent {1}.", speed(last.in), speed(last.out)),
    empty: t("Shown after the next second."),
  };
}

function windowPlot(history: DetailsHistory): DetailsPlot {
  const { samples } = history;
  const last = samples.at(-1);
  const left = (value: number | undefined): string =>
    value === undefined ? unknownText() : formatBytes(value);
  return {
    id: "window",
    title: t("Window left"),
    unit: "bytes",
    along: "time",
    x: samples.map(({ at }) => at / 1000),
    series: [
      { label: t("Ours"), values: samples.map(({ localWindow }) => localWindow ?? null) },
      { label: t("Server's"), values: samples.map(({ remoteWindow }) => remoteWindow ?? null) },
    ],
    summary: t(
      "Our window has {0} left, the server's window {1}.",
      left(last?.localWindow),
      left(last?.remoteWindow),
    ),
    empty: t("Shown after the next second."),
  };
}
