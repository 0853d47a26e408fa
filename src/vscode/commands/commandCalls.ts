/**
 * The only place where the arguments that VS Code passes to a command are untyped. A row of our views passes itself,
 * a terminal's menu passes the terminal, the palette and a plain key binding pass nothing. The key bindings of our
 * views name the view whose focused row is meant. All else comes from elsewhere: another extension, a link, a key
 * binding with arguments. No vscode.
 */

import { type ViewId, viewIds } from "../settings/contributionIds.ts";
import type { CalledTerminal } from "../terminals/calledTerminalTypes.ts";
import { Row } from "../views/row.ts";
import type { CallSource } from "./command.ts";

/**
 * An object that is not ours is dropped, even if it looks like a row: the command then asks the user, as it does from
 * the palette.
 * @param terminalOf finds the terminal of this window that the argument is.
 * @param focusedRow the row of a view that has the focus.
 */
export function callSource(
  argument: unknown,
  terminalOf: (argument: unknown) => CalledTerminal | undefined,
  focusedRow: (view: ViewId) => Row | undefined,
): CallSource | "other terminal" | "no row" {
  const terminal = terminalOf(argument);
  if (terminal !== undefined) {
    return terminal.kind === "ours" ? terminal : "other terminal";
  }
  if (Row.is(argument)) {
    return { kind: "ours", targets: argument.source.targets(argument) };
  }
  const view = focusedView(argument);
  if (view !== undefined) {
    const row = focusedRow(view);
    return row === undefined ? "no row" : { kind: "ours", targets: row.source.targets(row), onKey: true };
  }
  return typeof argument === "string" && argument.trim() !== ""
    ? { kind: "named", text: argument }
    : { kind: "nothing" };
}

/** The view that the argument of a key binding names: see `FocusedRowCall`. */
function focusedView(argument: unknown): ViewId | undefined {
  const named =
    typeof argument === "object" && argument !== null && "focusedRow" in argument
      ? argument.focusedRow
      : undefined;
  return Object.values(viewIds).find((id) => id === named);
}
