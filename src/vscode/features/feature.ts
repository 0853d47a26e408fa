import type { Disposable } from "../../base/disposable.ts";
import type { MasterSnapshot } from "../../session/masterSnapshotTypes.ts";
import type { OthersPart } from "../../text/endQuestions.ts";
import type { Commands } from "../commands/command.ts";
import type { RowKind, RowSource } from "../views/row.ts";

/**
 * A part of the extension that adds rows to the Live view, and commands. `allFeatures.ts` lists them; no other code
 * of the editor knows a specific one.
 */
export interface Feature {
  /** Below connections (`under(masters, …)`) or at the top, after the sessions. */
  liveRows(masters: RowKind<MasterSnapshot>): readonly RowSource[];
  readonly commands: Commands;
  /** For the questions before these connections end for this window. Absent: others have nothing there. */
  others?(masterIds: readonly string[]): OthersPart;
  /** The Live view is shown, or hidden. */
  onVisible?(visible: boolean): void;
  /** Its own activity, from the end of the start until it is disposed. */
  start?(): Disposable;
}
