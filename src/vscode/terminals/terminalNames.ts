import * as vscode from "vscode";
import type { Clock } from "../../base/clock.ts";
import { type Disposable, DisposableStore } from "../../base/disposable.ts";
import type { SshPseudoterminal } from "./sshPseudoterminal.ts";
import { ptyOf } from "./sshTerminals.ts";

/** Milliseconds. VS Code has no event for a terminal's name. */
const lookInterval = 1000;

/** Renames a terminal's tab, and notices when it was renamed by VS Code's own command. */
export class TerminalNames implements Disposable {
  readonly #clock: Clock;
  readonly #onRenamed: (pty: SshPseudoterminal, name: string) => void;
  readonly #store = new DisposableStore();
  /** The names that were seen last. */
  readonly #seen = new WeakMap<vscode.Terminal, string>();
  /** Names for tabs that were not in front yet. */
  readonly #wanted = new WeakMap<vscode.Terminal, string>();
  #next: Disposable | undefined;

  constructor(clock: Clock, onRenamed: (pty: SshPseudoterminal, name: string) => void) {
    this.#clock = clock;
    this.#onRenamed = onRenamed;
    this.#store.add(vscode.window.onDidOpenTerminal(() => this.#look()));
    this.#store.add(vscode.window.onDidChangeActiveTerminal(() => this.#look()));
    this.#store.add(vscode.window.onDidChangeWindowState(() => this.#look()));
  }

  /**
   * VS Code ignores Pseudoterminal.onDidChangeName for a terminal that was made with a name, and its command renames the
   * active terminal only: a tab behind it gets its name when it comes to the front.
   */
  rename(terminal: vscode.Terminal, name: string): void {
    this.#wanted.set(terminal, name);
    this.#look();
  }

  dispose(): void {
    this.#next?.dispose();
    this.#store.dispose();
  }

  #look(): void {
    this.#next?.dispose();
    this.#next = undefined;
    const { activeTerminal } = vscode.window;
    const wanted = activeTerminal && this.#wanted.get(activeTerminal);
    if (activeTerminal !== undefined && wanted !== undefined) {
      this.#wanted.delete(activeTerminal);
      void vscode.commands.executeCommand("workbench.action.terminal.renameWithArg", { name: wanted });
    }
    let any = false;
    for (const terminal of vscode.window.terminals) {
      const pty = ptyOf(terminal);
      if (pty !== undefined) {
        any = true;
        this.#compare(terminal, pty);
      }
    }
    if (any && vscode.window.state.focused) {
      this.#next = this.#clock.setTimeout(() => this.#look(), lookInterval);
    }
  }

  #compare(terminal: vscode.Terminal, pty: SshPseudoterminal): void {
    const { name } = terminal;
    const before = this.#seen.get(terminal);
    this.#seen.set(terminal, name);
    // A name that we asked for is the title already.
    if (before !== undefined && name !== before && name !== pty.title && name.trim() !== "") {
      this.#onRenamed(pty, name.trim());
    }
  }
}
