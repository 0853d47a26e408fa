import type { MasterSnapshot } from "../../session/masterSnapshotTypes.ts";

/** The number of open sessions that end with these connections and sessions. No vscode. */
export function sessionsAtStake(ids: readonly string[], masters: readonly MasterSnapshot[]): number {
  return masters.reduce(
    (sum, master) =>
      sum +
      master.sessions.filter(
        ({ id, state }) => state.kind !== "ended" && (ids.includes(id) || ids.includes(master.id)),
      ).length,
    0,
  );
}
