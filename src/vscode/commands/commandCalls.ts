/**
 * The only place where the arguments that VS Code passes to a command are untyped. A row of our views passes itself,
 * a terminal's menu passes the terminal, the palette and a plain key binding pass nothing. All else comes from
 * elsewhere: another extension, a link, a key binding with arguments. No vscode.
 */
import type { CalledTerminal } from "../terminals/calledTerminalTypes.ts";
import { Row } from "../views/row.ts";
import type { CallSource } from "./command.ts";

/**
 * An object that is not ours is dropped, even if it looks like a row: the command then asks the user, as it does from
 * the palette.
 * @param terminalOf finds the terminal of this window that the argument is.
 */
export function callSource(
  argument: unknown,
  terminalOf: (argument: unknown) => CalledTerminal | undefined,
): CallSource | "other terminal" {
  const terminal = terminalOf(argument);
  if (terminal !== undefined) {
    return terminal.kind === "ours" ? terminal : "other terminal";
  }
  if (Row.is(argument)) {
    return { kind: "ours", targets: argument.source.targets(argument) };
  }
  return typeof argument === "string" && argument.trim() !== ""
    ? { kind: "named", text: argument }
    : { kind: "nothing" };
}
