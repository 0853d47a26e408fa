import type { MasterSnapshot } from "../../session/masterSnapshotTypes.ts";
import type { RowsAtStake } from "../../text/endQuestions.ts";
import { hostOfId } from "./hostOfId.ts";

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

/** What ends with these connections and sessions. @param losses sentences about others that use them. */
export function rowsAtStake(
  ids: readonly string[],
  masters: readonly MasterSnapshot[],
  losses: readonly string[],
): RowsAtStake {
  const [host, ...others] = new Set(ids.flatMap((id) => hostOfId(id, masters) ?? []));
  return {
    sessions: sessionsAtStake(ids, masters),
    losses,
    ...(host !== undefined && others.length === 0 && { host }),
    endsConnection: masters.some(({ id }) => ids.includes(id)),
  };
}
