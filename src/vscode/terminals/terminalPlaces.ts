import * as vscode from "vscode";
import { type Disposable, DisposableStore } from "../../base/disposable.ts";
import { ptyOf } from "./sshTerminals.ts";
import type { RememberedTerminal, TerminalMemory } from "./terminalMemory.ts";

/**
 * Notes which of our terminals are in the editor area, and in which of its groups. VS Code reports such tabs by their
 * names only, and does not report at all which terminals of the panel are panes of one tab.
 */
export class TerminalPlaces implements Disposable {
  readonly #memory: TerminalMemory;
  readonly #store = new DisposableStore();

  constructor(memory: TerminalMemory) {
    this.#memory = memory;
    const { tabGroups } = vscode.window;
    const note = (): void => this.#note();
    this.#store.add(tabGroups.onDidChangeTabs(note));
    // A group that closes changes the columns of others.
    this.#store.add(tabGroups.onDidChangeTabGroups(note));
  }

  dispose(): void {
    this.#store.dispose();
  }

  #note(): void {
    const columns = new Map(
      vscode.window.tabGroups.all.flatMap(({ tabs, viewColumn }) =>
        tabs.flatMap(({ input, label }) =>
          input instanceof vscode.TabInputTerminal ? [[label, viewColumn] as const] : [],
        ),
      ),
    );
    for (const terminal of vscode.window.terminals) {
      const pty = ptyOf(terminal);
      if (pty !== undefined) {
        this.#memory.moved(pty.request.shellName, columns.get(terminal.name));
      }
    }
  }
}

/** Where a terminal from before the reload opens again. Undefined: as any other. */
export function placeOf({
  viewColumn,
  splitOf,
}: Pick<RememberedTerminal, "viewColumn" | "splitOf">): vscode.ExtensionTerminalOptions["location"] {
  if (viewColumn !== undefined) {
    return { viewColumn, preserveFocus: true };
  }
  // VS Code finds it only by the id that it has in this turn (_deserializeParentTerminal in
  // mainThreadTerminalService.ts), so panes of one tab must be opened in the same turn.
  const parentTerminal =
    splitOf === undefined
      ? undefined
      : vscode.window.terminals.find((each) => ptyOf(each)?.request.shellName === splitOf);
  return parentTerminal && { parentTerminal };
}
