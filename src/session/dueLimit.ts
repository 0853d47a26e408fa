import type { LimitKind, SessionSnapshot } from "./sessionTypes.ts";

/** Milliseconds: the warning's time is rounded to a second, and the clocks that count may differ a little. */
const tolerance = 2000;

/**
 * Whether a session still ends when the user was warned that it would: it has not ended, and neither data nor the user
 * has moved the end.
 * @param endsAt wall-clock milliseconds.
 */
export function isStillDue(
  { state, limits }: Pick<SessionSnapshot, "state" | "limits">,
  limit: LimitKind,
  endsAt: number,
): boolean {
  const due = limits.find(({ kind }) => kind === limit);
  return state.kind === "open" && due !== undefined && due.endsAt <= endsAt + tolerance;
}
