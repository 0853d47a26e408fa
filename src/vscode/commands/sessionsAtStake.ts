import type { MasterSnapshot } from "../../session/masterSnapshotTypes.ts";
import type { OthersAtStake, RowsAtStake } from "../../text/endQuestions.ts";
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

/** What ends with these connections and sessions. @param others what others have on the connections. */
export function rowsAtStake(
  ids: readonly string[],
  masters: readonly MasterSnapshot[],
  others: OthersAtStake,
): RowsAtStake {
  const [host, ...further] = new Set(ids.flatMap((id) => hostOfId(id, masters) ?? []));
  return {
    sessions: sessionsAtStake(ids, masters),
    ...others,
    ...(host !== undefined && further.length === 0 && { host }),
    // One that stays with others and takes nothing from them only loses our sessions.
    endsConnection:
      masters.some(({ id }) => ids.includes(id)) && (others.stays.length === 0 || others.losses.length > 0),
  };
}
