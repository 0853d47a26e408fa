import * as vscode from "vscode";
import type { TabClosedBy } from "../../session/terminalTab.ts";
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

/** As far as VS Code reports it: there is no event for a hidden panel. */
export function isInFront(pty: SshPseudoterminal): boolean {
  const { activeTerminal } = vscode.window;
  return activeTerminal !== undefined && ptyOf(activeTerminal) === pty;
}

/** Why the tab of a terminal was closed. */
export function closedBy(reason: vscode.TerminalExitReason | undefined): TabClosedBy {
  switch (reason) {
    case vscode.TerminalExitReason.Shutdown:
      return "window";
    case vscode.TerminalExitReason.User:
      return "person";
    default:
      return "program";
  }
}
