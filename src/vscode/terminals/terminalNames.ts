import * as vscode from "vscode";
import type { Clock } from "../../base/clock.ts";
import { type Disposable, DisposableStore } from "../../base/disposable.ts";
import type { SshPseudoterminal } from "./sshPseudoterminal.ts";
import { ptyOf } from "./sshTerminals.ts";

/** Milliseconds. VS Code has no event for a terminal's name. It also bounds how often a program can rename its tab. */
const lookInterval = 1000;
const rememberedNames = 4;

/** Keeps the names of tabs as they should be, and notices when one was renamed by VS Code's own command. */
export class TerminalNames implements Disposable {
  readonly #clock: Clock;
  readonly #nameOf: (pty: SshPseudoterminal) => string;
  readonly #onRenamed: (pty: SshPseudoterminal, name: string) => void;
  readonly #store = new DisposableStore();
  /** The names that were seen last. */
  readonly #seen = new WeakMap<vscode.Terminal, string>();
  /** The names that VS Code was last asked to show, the newest first: it may take a while until it does. */
  readonly #asked = new WeakMap<vscode.Terminal, readonly string[]>();
  #next: Disposable | undefined;

  /**
   * @param nameOf what the tab should be called.
   * @param onRenamed a person has renamed the tab.
   */
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

  /** What `nameOf` gives has changed because of a person, who should not wait. */
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
   * VS Code ignores Pseudoterminal.onDidChangeName for a terminal that was made with a name, and its command renames the
   * active terminal only: a tab behind it gets its name when it comes to the front.
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
