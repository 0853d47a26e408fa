import * as vscode from "vscode";
import { TargetKind } from "../views/targets.ts";
import { SshPseudoterminal } from "./sshPseudoterminal.ts";

/** One of our terminals whose menu calls a command. `sessionId`: the session that is or was last in it. */
export interface SshTerminal {
  readonly host: string;
  readonly sessionId?: string;
}

export const terminalTarget = new TargetKind<SshTerminal>("terminal");

/** VS Code keeps the pseudoterminal with its tab, also for tabs that a profile made. */
export function ptyOf({ creationOptions }: vscode.Terminal): SshPseudoterminal | undefined {
  const pty = "pty" in creationOptions ? creationOptions.pty : undefined;
  return pty instanceof SshPseudoterminal ? pty : undefined;
}

/** The terminal that a terminal's menu passes to a command; undefined: it is not a terminal of this window. */
export function terminalOf(argument: unknown): vscode.Terminal | undefined {
  return vscode.window.terminals.find((terminal) => terminal === argument);
}
