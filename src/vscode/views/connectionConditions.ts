import type { MasterSnapshot } from "../../session/masterSnapshotTypes.ts";

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
export function isSilent({ state, sessions }: MasterSnapshot): boolean {
  return (state.kind === "suspect" || state.kind === "hung") && sessions.length > 0;
}
