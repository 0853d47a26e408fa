/** What `~I` and `~#` tell in a terminal. No vscode. */

import { t } from "../base/localize.ts";
import { printable } from "../base/log.ts";
import type { MasterSnapshot } from "../session/masterSnapshotTypes.ts";
import type { Session } from "../session/sessionTypes.ts";
import { algorithmsText } from "./algorithmsText.ts";
import { formatDuration } from "./durations.ts";
import { destinationText, roundTrip } from "./humanText.ts";
import { formatBytes } from "./sessionDetails.ts";

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
  return [
    t(
      "Connection {0} to {1}{2}",
      master.id,
      printable(destinationText(master.destination)),
      master.via.length === 0 ? "" : t(" via {0}", printable(master.via.join(", "))),
    ),
    t("  state      {0}, for {1}", master.state.kind, formatDuration(now - master.since)),
    `  addresses  ${master.localAddress ?? "?"} -> ${master.remoteAddress ?? "?"}`,
    `  server     ${printable(master.serverVersion ?? "?")}`,
    t("  algorithms {0}", master.algorithms === undefined ? "?" : algorithmsText(master.algorithms)),
    t("  traffic    {0} received, {1} sent", formatBytes(master.bytesIn), formatBytes(master.bytesOut)),
    t(
      "  round trip {0}",
      master.roundTripMs === undefined ? t("not measured") : roundTrip(master.roundTripMs),
    ),
    `  keepalive  ${keepalive.serverAliveInterval === 0 ? "off" : t("every {0}, {1} times", formatDuration(keepalive.serverAliveInterval * 1000), keepalive.serverAliveCountMax)}`,
  ];
}

/** One line per session of the connection, as OpenSSH's `~#` lists channels. Plain text. */
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
    t("The following sessions are open on {0} ({1}):", master.id, printable(master.spec)),
    ...master.sessions.map(
      (each) =>
        `  ${each.id === session.id ? "*" : " "} ${each.id} ${each.kind} "${printable(each.title, 60)}" (${each.state.kind}, ${formatDuration(now - each.since)}, ${formatBytes(each.bytesIn)} received)`,
    ),
  ];
}
