/** How forwards look in the Live view. No vscode; remote text is escaped here. */
import { t } from "../../base/localize.ts";
import { printable } from "../../base/log.ts";
import { openFailureCode } from "../../engine/channels/messages.ts";
import { ChannelError } from "../../engine/engineErrors.ts";
import type { ForwardSnapshot, LocalProgram } from "../../forward/forwardTypes.ts";
import {
  connectionsTaken,
  forwardFailure,
  forwardLabel,
  forwardOriginText,
  forwardStateText,
  forwardTraffic,
  openSince,
  shortForwardLabel,
} from "../../text/forwardText.ts";
import { factTable, literal } from "../../text/markdownText.ts";
import { forwardsNote, moreOpenNote, unconnectedForwardsNote } from "../../text/rowNotes.ts";
import { formatBytes } from "../../text/sessionDetails.ts";
import { spokenDescription } from "../../text/spokenText.ts";
import type { ItemPresentation } from "./row.ts";

/** In `contextValue`: for the menus in package.json. */
export const forwardWords = {
  /** The fold of forwards, and a single forward. */
  forwards: "forwards",
  forward: "forward",
  /** It was not refused or stopped. */
  running: "running",
  /** It listens on this computer; a browser can open it. */
  address: "address",
  browsable: "browsable",
} as const;

/** The number of connections in a hover. */
const shownConnections = 10;

/** The fold below a connection, or at the top for those without one. */
export function presentForwards(forwards: readonly ForwardSnapshot[], isBelow: boolean): ItemPresentation {
  const refused = forwards.filter(({ state }) => state.kind === "refused").length;
  const partial = forwards.filter(isPartial).length;
  const description = [
    `${forwards.length}`,
    ...(refused === 0 ? [] : [t("{0} not working", refused)]),
    ...(partial === 0 ? [] : [t("{0} with a warning", partial)]),
  ].join(" · ");
  const label = isBelow ? t("Forwards") : t("Forwards without a connection");
  return {
    label,
    description,
    icon: { id: "plug", ...(refused + partial > 0 && { color: "list.warningForeground" }) },
    contextValue: forwardWords.forwards,
    hover: isBelow ? forwardsNote() : unconnectedForwardsNote(),
    accessibleLabel: `${label}, ${spokenDescription(description)}`,
  };
}

export function presentForward(forward: ForwardSnapshot, now: number, home: string): ItemPresentation {
  const label = shortForwardLabel(forward);
  const state = forwardStateText(forward);
  const { takenAddresses } = forward;
  const problem =
    forward.state.kind === "refused"
      ? []
      : takenAddresses.length > 0
        ? [t("taken: {0}", takenAddresses.join(", "))]
        : hasFailed(forward)
          ? [t("last connection failed")]
          : [];
  // The problem comes first: a narrow side bar cuts the end.
  const description = [
    ...problem,
    state,
    ...(forward.masterId === undefined ? [printable(forward.host)] : []),
    ...forwardTraffic(forward),
  ].join(" · ");
  return {
    label,
    description,
    icon: iconOf(forward),
    contextValue: [
      forwardWords.forward,
      ...(isRunning(forward) ? [forwardWords.running] : []),
      ...(isReachableHere(forward) ? [forwardWords.address] : []),
      ...(isBrowsable(forward) ? [forwardWords.browsable] : []),
    ].join(" "),
    hover: forwardHover(forward, now, home),
    lasting: forward.origins.map((origin) => forwardOriginText(origin, home)).join("\n"),
    accessibleLabel: t("Forward {0}, {1}", forwardLabel(forward), spokenDescription(description)),
  };
}

/** It was not refused or stopped. */
export function isRunning({ state }: Pick<ForwardSnapshot, "state">): boolean {
  return state.kind !== "refused" && state.kind !== "stopped";
}

/** It listens on this computer, so that its address can be used here. */
export function isReachableHere({ spec, addresses }: ForwardSnapshot): boolean {
  return spec.kind !== "remote" && addresses.length > 0;
}

/** It listens, but not at all of its addresses, or its last connection failed. */
function isPartial(forward: ForwardSnapshot): boolean {
  const { state, takenAddresses } = forward;
  return (
    (state.kind === "listening" || state.kind === "waiting") &&
    (takenAddresses.length > 0 || hasFailed(forward))
  );
}

/**
 * Its last connection failed. Not where the clients of a SOCKS server request targets that the server can't reach: one of
 * them says nothing about the others.
 */
function hasFailed({ spec, lastFailure, openConnections }: ForwardSnapshot): boolean {
  const isSocks = spec.kind === "dynamic" || spec.target === undefined;
  const isOfTarget = ChannelError.is(lastFailure) && lastFailure.code === openFailureCode.connectFailed;
  return lastFailure !== undefined && openConnections === 0 && !(isSocks && isOfTarget);
}

/** A browser can open it. */
export function isBrowsable(forward: ForwardSnapshot): boolean {
  return forward.spec.kind === "local" && forward.spec.listen.type === "tcp" && isReachableHere(forward);
}

function iconOf(forward: ForwardSnapshot): ItemPresentation["icon"] {
  const { state, spec } = forward;
  if (isPartial(forward)) {
    return { id: "warning", color: "list.warningForeground" };
  }
  switch (state.kind) {
    case "refused":
      return { id: "error", color: "list.errorForeground" };
    case "waiting":
      return { id: "watch" };
    case "starting":
      return { id: "sync" };
    case "stopped":
      return {
        id:
          state.servedBy !== undefined
            ? "arrow-right"
            : state.isFromBefore === true
              ? "debug-restart"
              : "circle-slash",
      };
    case "listening":
      return {
        id: spec.kind === "remote" ? "arrow-left" : spec.kind === "dynamic" ? "globe" : "arrow-right",
        color: "testing.iconPassed",
      };
  }
}

/** @param clients by connection: the program that opened it, if the system reports it. */
export function forwardHover(
  forward: ForwardSnapshot,
  now: number,
  home: string,
  clients: ReadonlyMap<number, LocalProgram> = new Map(),
): string {
  const { state, connections, openConnections, lastFailure } = forward;
  const who = (id: number): string => {
    const program = clients.get(id);
    return program === undefined ? "" : ` ${literal(`${program.name} (${program.pid})`)}`;
  };
  return [
    `**${literal(forwardLabel(forward))}**`,
    ...(state.kind === "refused" ? [literal(forwardFailure(state.error, state.owner), 600)] : []),
    factTable([
      [t("Host"), literal(forward.host)],
      [t("State"), literal(forwardStateText(forward))],
      [t("Address"), forward.addresses.length === 0 ? undefined : literal(forward.addresses.join(", "))],
      [
        t("Taken by others"),
        forward.takenAddresses.length === 0 ? undefined : literal(forward.takenAddresses.join(", ")),
      ],
      [t("Origin"), forward.origins.map((origin) => literal(forwardOriginText(origin, home))).join("; ")],
      [t("Since"), literal(openSince(forward.since, now))],
      [t("Used by"), literal(connectionsTaken(forward))],
      [t("Sent"), literal(formatBytes(forward.sent))],
      [t("Received"), literal(formatBytes(forward.received))],
      [t("Last failure"), lastFailure && literal(forwardFailure(lastFailure), 600)],
    ]),
    ...(connections.length === 0
      ? []
      : [
          factTable(
            connections
              .slice(0, shownConnections)
              .map(({ id, from, to, since, sent, received }) => [
                `${literal(from ?? t("unix socket"))}${who(id)} → ${literal(to ?? "…")}`,
                literal(`${openSince(since, now)}, ↑ ${formatBytes(sent)} ↓ ${formatBytes(received)}`),
              ]),
          ),
        ]),
    ...(openConnections > shownConnections ? [moreOpenNote(openConnections - shownConnections)] : []),
  ].join("\n\n");
}
