import * as vscode from "vscode";
import type { Clock } from "../../base/clock.ts";
import { type Disposable, DisposableStore } from "../../base/disposable.ts";
import type { SshPseudoterminal } from "./sshPseudoterminal.ts";
import { ptyOf } from "./sshTerminals.ts";

/** Milliseconds. VS Code has no event for a terminal's name. It also limits how often a program can rename its tab. */
const lookInterval = 1000;
const rememberedNames = 4;

/** Keeps the names of tabs up to date, and detects when VS Code's own command renames one. */
export class TerminalNames implements Disposable {
  readonly #clock: Clock;
  readonly #nameOf: (pty: SshPseudoterminal) => string;
  readonly #onRenamed: (pty: SshPseudoterminal, name: string) => void;
  readonly #store = new DisposableStore();
  /** The last seen names. */
  readonly #seen = new WeakMap<vscode.Terminal, string>();
  /** The names that VS Code was last asked to show, newest first: it may take a while to do so. */
  readonly #asked = new WeakMap<vscode.Terminal, readonly string[]>();
  #next: Disposable | undefined;

  /** @param nameOf the intended name of the tab. @param onRenamed the user has renamed the tab. */
  constructor(
    clock: Clock,
    nameOf: (pty: SshPseudoterminal) => string,
    onRenamed: (pty: SshPseudoterminal, name: string) => void,
  ) {
    this.#clock = clock;
    this.#nameOf = nameOf;
    this.#onRenamed = onRenamed;
    this.#store.add(vscode.window.onDidOpenTerminal(() => this.#look()));
    this.#store.add(vscode.window.onDidChangeActiveTerminal(() => this.#look()));
    this.#store.add(vscode.window.onDidChangeWindowState(() => this.#look()));
  }

  /** The user caused a change of `nameOf`'s results, so do not wait. */
  update(): void {
    this.#look();
  }

  dispose(): void {
    this.#next?.dispose();
    this.#store.dispose();
  }

  #look(): void {
    this.#next?.dispose();
    this.#next = undefined;
    let any = false;
    for (const terminal of vscode.window.terminals) {
      const pty = ptyOf(terminal);
      if (pty !== undefined) {
        any = true;
        this.#compare(terminal, pty);
      }
    }
    this.#rename();
    if (any && vscode.window.state.focused) {
      this.#next = this.#clock.setTimeout(() => this.#look(), lookInterval);
    }
  }

  /**
   * VS Code ignores Pseudoterminal.onDidChangeName for a terminal that was created with a name, and its command
   * renames only the active terminal: a tab in the background gets its name when it becomes active.
   */
  #rename(): void {
    const { activeTerminal } = vscode.window;
    const pty = activeTerminal && ptyOf(activeTerminal);
    if (activeTerminal === undefined || pty === undefined) {
      return;
    }
    const name = this.#nameOf(pty);
    if (name !== (this.#asked.get(activeTerminal)?.[0] ?? activeTerminal.name)) {
      const before = this.#asked.get(activeTerminal) ?? [];
      this.#asked.set(activeTerminal, [name, ...before].slice(0, rememberedNames));
      void vscode.commands.executeCommand("workbench.action.terminal.renameWithArg", { name });
    }
  }

  #compare(terminal: vscode.Terminal, pty: SshPseudoterminal): void {
    const { name } = terminal;
    const before = this.#seen.get(terminal);
    this.#seen.set(terminal, name);
    const asked = this.#asked.get(terminal) ?? [];
    if (name === asked[0]) {
      this.#asked.set(terminal, [name]);
    } else if (before !== undefined && name !== before && name.trim() !== "" && !asked.includes(name)) {
      this.#asked.set(terminal, [name]);
      if (name !== pty.title) {
        this.#onRenamed(pty, name.trim());
      }
    }
  }
}
