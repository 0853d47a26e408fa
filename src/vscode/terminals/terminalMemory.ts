import type { Memento } from "vscode";
import type { Disposable } from "../../base/disposable.ts";
import { Emitter } from "../../base/emitter.ts";
import { openTerminalsKey } from "../settings/contributionIds.ts";

/** What is needed to open a terminal again. No secrets: the login is made anew. */
export interface RememberedTerminal {
  readonly host: string;
  readonly title: string;
  /** Its shell's name on the server, where that outlives the connection. */
  readonly shellName: string;
}

/**
 * Which terminals are open in this workspace, so that they can be offered again after a reload of the window: VS Code
 * does not bring back terminals of extensions by itself.
 */
export class TerminalMemory implements Disposable {
  readonly #memento: Memento;
  /** In the order of their tabs. */
  #terminals: readonly RememberedTerminal[];
  /** The shells' names of those that were open when the window went away. */
  readonly #before: Set<string>;
  readonly #changed = new Emitter<void>();
  /** `before` changed. */
  readonly onDidChange = this.#changed.event;

  /** @param memento of the workspace. */
  constructor(memento: Memento) {
    this.#memento = memento;
    this.#terminals = memento.get<readonly unknown[]>(openTerminalsKey, []).filter(isRemembered);
    this.#before = new Set(this.#terminals.map(({ shellName }) => shellName));
  }

  /** Those of the window's life before, until they have been opened again, closed or dismissed. */
  get before(): readonly RememberedTerminal[] {
    return this.#terminals.filter(({ shellName }) => this.#before.has(shellName));
  }

  /**
   * Those of before, which the caller opens now: they are offered no more, and stay remembered until they are closed.
   */
  take(): readonly RememberedTerminal[] {
    const taken = this.before;
    this.#before.clear();
    this.#changed.fire();
    return taken;
  }

  dispose(): void {
    this.#changed.dispose();
  }

  /** Nobody wants those of before. */
  dismiss(): void {
    this.#keep(({ shellName }) => !this.#before.has(shellName));
  }

  /** Its shell is there, for the first time or again. */
  opened(terminal: RememberedTerminal): void {
    const { shellName } = terminal;
    this.#before.delete(shellName);
    if (!this.#terminals.some((known) => known.shellName === shellName)) {
      this.#terminals = [...this.#terminals, terminal];
    }
    this.#keep(() => true);
  }

  renamed(shellName: string, title: string): void {
    this.#terminals = this.#terminals.map((terminal) =>
      terminal.shellName === shellName ? { ...terminal, title } : terminal,
    );
    this.#keep(() => true);
  }

  closed(shellName: string): void {
    this.#keep((terminal) => terminal.shellName !== shellName);
  }

  #keep(wanted: (terminal: RememberedTerminal) => boolean): void {
    this.#terminals = this.#terminals.filter(wanted);
    void this.#memento.update(openTerminalsKey, this.#terminals);
    this.#changed.fire();
  }
}

function isRemembered(value: unknown): value is RememberedTerminal {
  return (
    typeof value === "object" &&
    value !== null &&
    "host" in value &&
    "title" in value &&
    "shellName" in value &&
    typeof value.host === "string" &&
    typeof value.title === "string" &&
    typeof value.shellName === "string" &&
    /^[\w-]+$/.test(value.shellName)
  );
}
