/** What `~I` and `~#` tell in a terminal. No vscode. */
import { printable } from "../base/log.ts";
import type { MasterSnapshot } from "../session/masterSnapshotTypes.ts";
import { formatBytes, formatDuration } from "../session/sessionDetails.ts";
import type { Session } from "../session/sessionTypes.ts";
import { algorithmsText } from "./algorithmsText.ts";
import { destinationText, roundTrip } from "./humanText.ts";

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
    return ["The connection is gone."];
  }
  const { keepalive } = master;
  return [
    `Connection ${master.id} to ${printable(destinationText(master.destination))}${master.via.length === 0 ? "" : ` via ${printable(master.via.join(", "))}`}`,
    `  state      ${master.state.kind}, for ${formatDuration(now - master.since)}`,
    `  addresses  ${master.localAddress ?? "?"} -> ${master.remoteAddress ?? "?"}`,
    `  server     ${printable(master.serverVersion ?? "?")}`,
    `  algorithms ${master.algorithms === undefined ? "?" : algorithmsText(master.algorithms)}`,
    `  traffic    ${formatBytes(master.bytesIn)} received, ${formatBytes(master.bytesOut)} sent`,
    `  round trip ${master.roundTripMs === undefined ? "not measured" : roundTrip(master.roundTripMs)}`,
    `  keepalive  ${keepalive.serverAliveInterval === 0 ? "off" : `every ${keepalive.serverAliveInterval} s, ${keepalive.serverAliveCountMax} times`}`,
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
    return ["The connection is gone."];
  }
  return [
    `The following sessions are open on ${master.id} (${printable(master.spec)}):`,
    ...master.sessions.map(
      (each) =>
        `  ${each.id === session.id ? "*" : " "} ${each.id} ${each.kind} "${printable(each.title, 60)}" (${each.state.kind}, ${formatDuration(now - each.since)}, ${formatBytes(each.bytesIn)} received)`,
    ),
  ];
}
