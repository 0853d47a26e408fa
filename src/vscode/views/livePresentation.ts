/** What the live tree shows for a snapshot, as plain data, so that it can be tested without VS Code. */

import { plural, t } from "../../base/localize.ts";
import { printable } from "../../base/log.ts";
import type { ValueSource } from "../../config/hostConfig.ts";
import { failureClass } from "../../reconnect/failureClass.ts";
import type { ReconnectingState } from "../../reconnect/reconnectTypes.ts";
import type { MasterSnapshot } from "../../session/masterSnapshotTypes.ts";
import type { SessionKind, SessionSnapshot, SessionState } from "../../session/sessionTypes.ts";
import { algorithmsText } from "../../text/algorithmsText.ts";
import { destinationBeside } from "../../text/besideName.ts";
import { clockTime } from "../../text/clockTimes.ts";
import { configHover } from "../../text/configWarningText.ts";
import { age, countdown, secondsLeft, shortDuration, timeLeft } from "../../text/durations.ts";
import { endReasonText } from "../../text/endReasons.ts";
import { extensionsFact, openToExtensions } from "../../text/extensionAccessText.ts";
import { destinationText, roundTrip, sparkline, usualRoundTrip } from "../../text/humanText.ts";
import { limitLeftText, limitRowText, limitSourceText, limitTitle } from "../../text/limitText.ts";
import { loginWaitShort } from "../../text/loginText.ts";
import { factTable, literal } from "../../text/markdownText.ts";
import { overflowNote, probesIgnoredNote } from "../../text/rowNotes.ts";
import { describeOutcome, formatBytes } from "../../text/sessionDetails.ts";
import { differingUses, intervalText, lingerText, sharedPolicyNote } from "../../text/sharedPolicyText.ts";
import {
  agoText,
  connectionStateName,
  noneText,
  sessionKindName,
  sessionStateName,
  yesNoText,
} from "../../text/stateWords.ts";
import { riddenText, ridesText } from "../../text/userMasterText.ts";
import { userMessage } from "../../text/userMessages.ts";
import { valueSourceText } from "../../text/valueSourceText.ts";
import { heldByText, holderNote } from "../../text/windowText.ts";
import { contextWords } from "../settings/contributionIds.ts";
import type { ItemPresentation } from "./row.ts";

const phases = () =>
  ({
    jump: t("jump host"),
    proxy: t("proxy command"),
    tcp: t("network"),
    handshake: t("handshake"),
    hostKey: t("host key"),
    authentication: t("authentication"),
  }) as const;

/**
 * The state in a few words, with the remaining time within the first twenty characters, because a narrow side bar
 * shows no more.
 * @param now wall-clock milliseconds.
 */
export function masterStateText(state: MasterSnapshot["state"], now: number): string {
  switch (state.kind) {
    case "connecting":
      return state.wait === undefined
        ? t("connecting: {0}", phases()[state.phase])
        : loginWaitShort(state.wait);
    case "ready":
      return connectionStateName("ready");
    case "lingering":
      return state.until === undefined
        ? t("idle, stays open")
        : t("idle, {0} left", timeLeft(state.until - now));
    case "suspect":
      return t(
        "closing in {0}, no reply ({1} of {2})",
        countdown(state.deadAt - now),
        state.unanswered,
        state.countMax,
      );
    case "hung":
      return t("hung, silent {0}", shortDuration(now - state.silentSince));
    case "disconnecting":
      return connectionStateName("disconnecting");
    case "lost":
    case "closed":
      return endReasonText(state.reason);
    case "reconnecting":
      return reconnectText(state, now);
  }
}

function reconnectText(state: ReconnectingState, now: number): string {
  if (state.attempting) {
    return t("reconnecting…");
  }
  return state.until === undefined
    ? waitsForPerson(state)
    : t("reconnecting in {0}", secondsLeft(state.until - now));
}

function waitsForPerson({ error }: ReconnectingState): string {
  return error !== undefined && failureClass(error) === "needs-person"
    ? t("requires you to log in")
    : t("disconnected, reconnect manually");
}

function masterIcon(state: MasterSnapshot["state"]): ItemPresentation["icon"] {
  switch (state.kind) {
    case "connecting":
      return { id: state.wait?.on === "person" ? "question" : "loading~spin" };
    case "disconnecting":
      return { id: "loading~spin" };
    case "ready":
      return { id: "vm-active", color: "testing.iconPassed" };
    case "lingering":
      return { id: "vm-outline", color: "descriptionForeground" };
    case "suspect":
      return { id: "warning", color: "list.warningForeground" };
    case "hung":
      return { id: "error", color: "list.errorForeground" };
    case "lost":
      return { id: "debug-disconnect", color: "list.errorForeground" };
    case "closed":
      return { id: "circle-slash", color: "disabledForeground" };
    case "reconnecting":
      return state.attempting
        ? { id: "sync~spin" }
        : { id: state.until === undefined ? "debug-disconnect" : "sync", color: "list.warningForeground" };
  }
}

/** There is a connection, or one is being made. */
export function isLive(state: MasterSnapshot["state"]): boolean {
  return state.kind !== "lost" && state.kind !== "closed" && state.kind !== "reconnecting";
}

/** The sessions of a connection that have not ended. */
export function liveSessions(master: MasterSnapshot): number {
  return isLive(master.state) ? master.sessions.filter(({ state }) => state.kind !== "ended").length : 0;
}

/** Terminals wait for another connection. */
export function isReconnecting({ state }: MasterSnapshot): boolean {
  return state.kind === "reconnecting";
}

/** Terminals wait for another connection, or should get one. */
export function canReconnect(master: MasterSnapshot): boolean {
  return isReconnecting(master) || isSilent(master);
}

/** It does not respond, and has sessions that are affected. */
function isSilent({ state, sessions }: MasterSnapshot): boolean {
  return (state.kind === "suspect" || state.kind === "hung") && sessions.length > 0;
}

function masterWords(master: MasterSnapshot): readonly string[] {
  if (isReconnecting(master)) {
    return [contextWords.master, contextWords.reconnecting];
  }
  return [
    contextWords.master,
    isLive(master.state) ? contextWords.live : contextWords.ended,
    ...(isSilent(master) ? [contextWords.silent] : []),
  ];
}

/**
 * @param home the home directory, shown as `~` in paths.
 * @param shared other extensions may use its host.
 * @param name the name that the row shows, if it is shorter: then the row has the whole address.
 */
export function presentMaster(
  master: MasterSnapshot,
  now: number,
  home: string,
  shared = false,
  name = master.spec,
): ItemPresentation {
  const { state } = master;
  const destination = destinationText(master.destination);
  const beside = printable(destinationBeside(name, master.destination));
  const where = beside === "" ? [] : [beside];
  // A narrow side bar cuts the end off, and what is not as usual must be seen.
  const urgent = state.kind === "ready" ? undefined : masterStateText(state, now);
  const access = shared ? [openToExtensions()] : [];
  const parts = known([
    urgent,
    master.overflow ? t("overflow") : undefined,
    master.rides !== undefined && isLive(state) ? ridesText() : undefined,
    master.heldBy !== undefined && isLive(state) ? holderNote(master.heldBy) : undefined,
    ...where,
    ...(urgent === undefined ? [usualRoundTrip(master.roundTrips), age(now - master.since)] : []),
    ...access,
  ]);
  const label = printable(master.spec);
  return {
    label: printable(name),
    description: parts.join(" · "),
    ...(urgent !== undefined && { urgent }),
    icon: masterIcon(state),
    contextValue: masterWords(master).join(" "),
    hover: masterHover(master, now, home, shared),
    lasting: masterPolicy(master, home),
    accessibleLabel: `${label}, ${masterStateText(state, now)}, ${isReconnecting(master) ? waitingText(master) : plural(master.sessions.length, "{0} session", "{0} sessions")}, ${[printable(destination), ...access].join(", ")}`,
  };
}

/** `2 terminals wait` */
export function waitingText({ sessions }: MasterSnapshot): string {
  return plural(sessions.length, "{0} terminal waits", "{0} terminals wait");
}

/** For a countdown to the next attempt, "for" would be wrong. */
function stateFacts(state: MasterSnapshot["state"], now: number): readonly [string, string][] {
  const [words, age] = [literal(masterStateText(state, now)), shortDuration(now - state.since)];
  return state.kind === "reconnecting"
    ? [
        [t("State"), words],
        [t("Lost"), t("{0}, {1} ago", endReasonText(state.reason), age)],
      ]
    : [[t("State"), t("{0}, for {1}", words, age)]];
}

function masterHover(master: MasterSnapshot, now: number, home: string, shared: boolean): string {
  const { state } = master;
  const history = master.roundTrips.length > 1 ? ` ${sparkline(master.roundTrips)}` : "";
  const remote = master.remoteAddress === undefined ? "" : ` (${literal(master.remoteAddress)})`;
  const facts = factTable([
    [t("To"), `**${literal(destinationText(master.destination))}**${remote}`],
    [t("Via"), master.via.length === 0 ? undefined : master.via.map((hop) => literal(hop)).join(" → ")],
    ...stateFacts(state, now),
    [t("Last attempt"), lastAttempt(master, home)],
    [
      t("Waiting"),
      isReconnecting(master) ? plural(master.sessions.length, "{0} terminal", "{0} terminals") : undefined,
    ],
    [
      t("Connected"),
      isLive(state) && state.kind !== "connecting" && state.kind !== "ready"
        ? t("for {0}", shortDuration(now - master.since))
        : undefined,
    ],
    [
      t("Round trip"),
      master.roundTripMs === undefined ? undefined : `${roundTrip(master.roundTripMs)}${history}`,
    ],
    [t("Traffic"), `↓ ${formatBytes(master.bytesIn)}  ↑ ${formatBytes(master.bytesOut)}`],
    [t("Server"), master.serverVersion === undefined ? undefined : literal(master.serverVersion)],
    [t("Algorithms"), master.algorithms && literal(algorithmsText(master.algorithms))],
    // Nearly all connections are made by one and the same.
    [t("Held by"), master.heldBy && literal(heldByText(master.heldBy))],
    [t("Connection of"), master.rides && literal(riddenText(master.rides))],
    [t("Connected by"), master.engine === "ssh2" ? undefined : literal(master.engine)],
    [t("Extensions"), shared ? extensionsFact() : undefined],
  ]);
  const notes = [
    master.probesIgnored ? probesIgnoredNote() : undefined,
    master.overflow ? overflowNote() : undefined,
    "error" in state && state.error !== undefined && state.kind !== "reconnecting"
      ? literal(state.error.message)
      : undefined,
  ].filter((note) => note !== undefined);
  return [
    `$(${masterIcon(state).id}) **${literal(master.spec)}**`,
    facts,
    "---",
    masterPolicy(master, home),
    ...notes,
    configHover(master.warnings, home),
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}

/** Keepalive and linger, each with its source, and the uses that have other values. */
function masterPolicy({ keepalive, linger, uses }: MasterSnapshot, home: string): string {
  const from = (source: ValueSource): string => `*${literal(valueSourceText(source, home))}*`;
  const source = (value: keyof typeof keepalive.sources): string => from(keepalive.sources[value]);
  const policy = factTable([
    ["serverAliveInterval", `${intervalText(keepalive)}: ${source("serverAliveInterval")}`],
    ["serverAliveCountMax", `${keepalive.serverAliveCountMax}: ${source("serverAliveCountMax")}`],
    ["tcpKeepAlive", `${yesNoText(keepalive.tcpKeepAlive)}: ${source("tcpKeepAlive")}`],
    ["linger", linger && `${lingerText(linger.seconds)}: ${from(linger.source)}`],
  ]);
  const differing = differingUses(uses);
  return differing.length === 0
    ? policy
    : [
        policy,
        sharedPolicyNote(),
        factTable(differing.map(([who, what]) => [literal(who), literal(what)])),
      ].join("\n\n");
}

/** Why the last attempt to reconnect failed. */
function lastAttempt({ state, spec }: MasterSnapshot, home: string): string | undefined {
  return state.kind === "reconnecting" && state.error !== undefined
    ? literal(userMessage(state.error, spec, home)?.text ?? state.error.message)
    : undefined;
}

const sessionIcons: Record<SessionKind, string> = {
  terminal: "terminal",
  command: "play",
  script: "file-code",
  subsystem: "extensions",
};

function sessionStateText(state: SessionState, master: MasterSnapshot | undefined): string {
  switch (state.kind) {
    case "opening":
      return sessionStateName("opening");
    case "open":
      return sessionStateName("open");
    case "ending":
      return state.how === "kill" ? t("being killed") : sessionStateName("ending");
    case "ended":
      return master?.state.kind === "reconnecting" ? t("waits") : describeOutcome(state.outcome);
  }
}

export function presentSession(
  session: SessionSnapshot,
  master: MasterSnapshot | undefined,
  now: number,
  home: string,
): ItemPresentation {
  const { state, limits } = session;
  const text = sessionStateText(state, master);
  const idle = now - session.lastActivity;
  const [open, quiet] = [age(now - session.since), age(idle)];
  const parts =
    state.kind === "open"
      ? known([
          endedInput(session) ? t("EOF sent") : undefined,
          limitRowText(limits, now),
          quiet === undefined ? undefined : t("idle {0}", quiet),
          // Idle since it was opened: one of them is enough.
          open === quiet ? undefined : open,
        ])
      : [text];
  // Several aliases can lead to one destination; show the one that was used.
  const named = master === undefined || master.spec === session.spec || saysHost(session);
  if (!named) {
    parts.push(printable(session.spec));
  }
  const label = printable(session.title);
  const color = state.kind === "ended" ? "disabledForeground" : undefined;
  const words = [
    contextWords.session,
    ...(session.kind === "terminal" ? [contextWords.terminal] : []),
    ...(state.kind === "ended" ? [] : [contextWords.live]),
    ...(isLimited(session) ? [contextWords.limited] : []),
  ];
  return {
    label,
    description: parts.join(" · "),
    icon: {
      id: state.kind === "opening" || state.kind === "ending" ? "loading~spin" : sessionIcons[session.kind],
      ...(color === undefined ? {} : { color }),
    },
    contextValue: words.join(" "),
    hover: [
      `$(${sessionIcons[session.kind]}) **${literal(session.title)}**`,
      factTable([
        [t("Host"), literal(session.spec)],
        [t("Kind"), sessionKindName(session.kind)],
        [t("State"), literal(text)],
        [t("Input"), endedInput(session) ? t("EOF sent: the program gets no more input") : undefined],
        [t("Since"), `${clockTime(session.since)} (${shortDuration(now - session.since)})`],
        [t("Last activity"), agoText(shortDuration(idle))],
        [t("Traffic"), `↓ ${formatBytes(session.bytesIn)}  ↑ ${formatBytes(session.bytesOut)}`],
        [t("Folder"), session.folder === undefined ? undefined : literal(session.folder)],
        ...(state.kind === "open" && limits.length === 0 ? [[t("Limit"), noneText()] as const] : []),
        ...limits.map(
          (limit) =>
            [
              limitTitle(limit),
              `${limitLeftText(limit, now)}: *${literal(limitSourceText(limit.source, home))}*`,
            ] as const,
        ),
      ]),
    ].join("\n\n"),
    lasting: JSON.stringify(limits.map(({ kind, seconds, source }) => [kind, seconds, source])),
    accessibleLabel: `${label}, ${sessionKindName(session.kind)}, ${text}${saysHost(session) ? "" : `, ${printable(session.spec)}`}`,
  };
}

/** There is a limit to extend. */
export function isLimited({ state, limits }: Pick<SessionSnapshot, "state" | "limits">): boolean {
  return state.kind === "open" && limits.length > 0;
}

/** The default title: the host, with a number if there are several. */
export function saysHost({ title, spec }: Pick<SessionSnapshot, "title" | "spec">): boolean {
  return title === spec || title.startsWith(`${spec} (`);
}

/** Every command gets EOF at the end of its input; for a terminal, the user has sent it. */
function endedInput({ eofSent, kind }: SessionSnapshot): boolean {
  return eofSent && kind === "terminal";
}

function known(parts: readonly (string | undefined)[]): string[] {
  return parts.filter((part) => part !== undefined);
}
