/** What a row shows for the snapshot of a connection, as plain data, so that it can be tested without VS Code. */

import { plural, t } from "../../base/localize.ts";
import { printable } from "../../base/log.ts";
import { usualEngine } from "../../config/engineNames.ts";
import type { ValueSource } from "../../config/hostConfig.ts";
import { failureClass } from "../../reconnect/failureClass.ts";
import type { ReconnectingState } from "../../reconnect/reconnectTypes.ts";
import type { MasterSnapshot } from "../../session/masterSnapshotTypes.ts";
import { algorithmsText } from "../../text/algorithmsText.ts";
import { destinationBeside } from "../../text/besideName.ts";
import { configHover } from "../../text/configWarningText.ts";
import { age, countdown, secondsLeft, shortDuration, timeLeft } from "../../text/durations.ts";
import { endReasonText } from "../../text/endReasons.ts";
import { extensionsFact, openToExtensions } from "../../text/extensionAccessText.ts";
import { destinationText, roundTrip, sparkline, usualRoundTrip } from "../../text/humanText.ts";
import { loginWaitShort } from "../../text/loginText.ts";
import { factTable, literal } from "../../text/markdownText.ts";
import { overflowNote, probesIgnoredNote } from "../../text/rowNotes.ts";
import { formatBytes } from "../../text/sessionDetails.ts";
import { differingUses, intervalText, lingerText, sharedPolicyNote } from "../../text/sharedPolicyText.ts";
import { connectionStateName, yesNoText } from "../../text/stateWords.ts";
import { riddenText, ridesText } from "../../text/userMasterText.ts";
import { userMessage } from "../../text/userMessages.ts";
import { valueSourceText } from "../../text/valueSourceText.ts";
import { heldByText, holderNote } from "../../text/windowText.ts";
import { contextWords } from "../settings/contributionIds.ts";
import { isLive, isReconnecting, isSilent } from "./connectionConditions.ts";
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
  const kind = known([
    master.overflow ? t("overflow") : undefined,
    master.rides !== undefined && isLive(state) ? ridesText() : undefined,
    master.heldBy !== undefined && isLive(state) ? holderNote(master.heldBy) : undefined,
  ]);
  const parts = known([
    urgent,
    ...kind,
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
    accessibleLabel: `${label}, ${masterStateText(state, now)}, ${isReconnecting(master) ? waitingText(master) : plural(master.sessions.length, "{0} session", "{0} sessions")}, ${[printable(destination), ...kind, ...access].join(", ")}`,
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
    [t("Held by"), master.heldBy && literal(heldByText(master.heldBy))],
    [t("Connection of"), master.rides && literal(riddenText(master.rides))],
    // Nearly all connections are made by one and the same.
    [t("Connected by"), master.engine === usualEngine ? undefined : literal(master.engine)],
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

function known(parts: readonly (string | undefined)[]): string[] {
  return parts.filter((part) => part !== undefined);
}
