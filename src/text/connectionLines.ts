/** The lines that `~I` and `~#` show in a terminal. No vscode. */

import { t } from "../base/localize.ts";
import { printable } from "../base/log.ts";
import type { MasterSnapshot } from "../session/masterSnapshotTypes.ts";
import type { Session } from "../session/sessionTypes.ts";
import { algorithmsText } from "./algorithmsText.ts";
import { formatDuration } from "./durations.ts";
import { destinationText, roundTrip } from "./humanText.ts";
import { formatBytes } from "./sessionDetails.ts";
import { connectionStateName, offText, sessionKindName, sessionStateName } from "./stateWords.ts";

function masterOf(session: Session, masters: readonly MasterSnapshot[]): MasterSnapshot | undefined {
  const { masterId } = session.snapshot();
  return masters.find(({ id }) => id === masterId);
}

/** `now`: wall-clock milliseconds. Plain text. */
export function connectionLines(
  session: Session,
  masters: readonly MasterSnapshot[],
  now: number,
): readonly string[] {
  const master = masterOf(session, masters);
  if (master === undefined) {
    return [t("The connection has ended.")];
  }
  const { keepalive } = master;
  const to = printable(destinationText(master.destination));
  return [
    master.via.length === 0
      ? t("Connection to {0}", to)
      : t("Connection to {0} via {1}", to, printable(master.via.join(", "))),
    t(
      "  state      {0}, for {1}",
      connectionStateName(master.state.kind),
      formatDuration(now - master.since),
    ),
    t("  addresses  {0} -> {1}", master.localAddress ?? "?", master.remoteAddress ?? "?"),
    t("  server     {0}", printable(master.serverVersion ?? "?")),
    t("  algorithms {0}", master.algorithms === undefined ? "?" : algorithmsText(master.algorithms)),
    t("  traffic    {0} received, {1} sent", formatBytes(master.bytesIn), formatBytes(master.bytesOut)),
    t(
      "  round trip {0}",
      master.roundTripMs === undefined ? t("not measured") : roundTrip(master.roundTripMs),
    ),
    t(
      "  keepalive  {0}",
      keepalive.serverAliveInterval === 0
        ? offText()
        : t(
            "every {0}, {1} times",
            formatDuration(keepalive.serverAliveInterval * 1000),
            keepalive.serverAliveCountMax,
          ),
    ),
  ];
}

/** One line per session of the connection, like the channel list of OpenSSH's `~#`; a star marks this one. Plain text. */
export function channelLines(
  session: Session,
  masters: readonly MasterSnapshot[],
  now: number,
): readonly string[] {
  const master = masterOf(session, masters);
  if (master === undefined) {
    return [t("The connection has ended.")];
  }
  return [
    t(
      "The following sessions are open on the connection to {0}:",
      printable(destinationText(master.destination)),
    ),
    ...master.sessions.map(
      (each) =>
        `  ${each.id === session.id ? "*" : " "} ${sessionKindName(each.kind)} "${printable(each.title, 60)}" (${sessionStateName(each.state.kind)}, ${formatDuration(now - each.since)}, ${t("{0} received", formatBytes(each.bytesIn))})`,
    ),
  ];
}
