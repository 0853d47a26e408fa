/**
 * The row that has the keyboard focus, for key bindings. VS Code passes nothing to a command that a key calls, and
 * its API has the selection of a view, but not its focus. So the key bindings call `list.toggleSelection` twice
 * before the command: what joins or leaves the selection and returns is the focused row. No vscode.
 */
import type { Clock } from "../../base/clock.ts";
import type { ViewId } from "../settings/contributionIds.ts";
import type { Row } from "./row.ts";

/** The argument of a command that a key binding of a view calls. */
export interface FocusedRowCall {
  readonly focusedRow: ViewId;
}

/**
 * Milliseconds from the toggles to the command, which VS Code sends together. A row that was found earlier is not
 * used: a list without a focused row toggles nothing.
 */
const fresh = 2_000;

export class FocusedRow {
  readonly #clock: Pick<Clock, "monotonic">;
  #before: readonly Row[] | undefined;
  #now: readonly Row[] = [];
  #found: { readonly row: Row; readonly at: number } | undefined;

  constructor(clock: Pick<Clock, "monotonic">) {
    this.#clock = clock;
  }

  /** The selection of the view has changed. */
  update(selection: readonly Row[]): void {
    const toggled = difference(this.#now, selection);
    const isBack = this.#before !== undefined && difference(this.#before, selection).length === 0;
    const [row] = toggled;
    this.#found =
      isBack && row !== undefined && toggled.length === 1 ? { row, at: this.#clock.monotonic() } : undefined;
    this.#before = this.#now;
    this.#now = selection;
  }

  /** The row with which a command is called now; undefined: the focus is not known. */
  row(): Row | undefined {
    const found = this.#found;
    return found !== undefined && this.#clock.monotonic() - found.at < fresh ? found.row : undefined;
  }
}

function difference(one: readonly Row[], other: readonly Row[]): readonly Row[] {
  return [...one.filter((row) => !other.includes(row)), ...other.filter((row) => !one.includes(row))];
}
