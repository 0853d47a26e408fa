import type { Memento } from "vscode";
import type { Disposable } from "../../base/disposable.ts";
import { Emitter } from "../../base/emitter.ts";
import { openTerminalsKey } from "../settings/contributionIds.ts";

/** What is needed to open a terminal again. No secrets: the login is repeated. */
export interface RememberedTerminal {
  readonly host: string;
  readonly title: string;
  /** The name of its shell on the server, if that survives the connection. */
  readonly shellName: string;
  /** The group of the editor area that it is in. Undefined: the panel. */
  readonly viewColumn?: number;
  /** The shell name of the terminal beside which it was opened as a pane. */
  readonly splitOf?: string;
}

/**
 * Remembers the open terminals of this workspace, to offer them again after a reload of the window: VS Code does not
 * restore terminals of extensions.
 */
export class TerminalMemory implements Disposable {
  readonly #memento: Memento;
  /** In the order of their tabs. */
  #terminals: readonly RememberedTerminal[];
  /** The shell names of those that were open before the reload. */
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

  /** The terminals from before the reload, until they are opened again, closed or dismissed. */
  get before(): readonly RememberedTerminal[] {
    return this.#terminals.filter(({ shellName }) => this.#before.has(shellName));
  }

  /**
   * The terminals from before the reload, or some of them, which the caller opens now: they are no longer offered, and
   * stay remembered until they are closed.
   */
  take(wanted: (terminal: RememberedTerminal) => boolean = () => true): readonly RememberedTerminal[] {
    const taken = this.before.filter(wanted);
    for (const { shellName } of taken) {
      this.#before.delete(shellName);
    }
    this.#changed.fire();
    return taken;
  }

  dispose(): void {
    this.#changed.dispose();
  }

  /** The user dismissed the terminals from before the reload. */
  dismiss(): void {
    this.#keep(({ shellName }) => !this.#before.has(shellName));
  }

  /** Its shell is running, for the first time or again. */
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

  /** @param viewColumn of the editor area. Undefined: it is in the panel. */
  moved(shellName: string, viewColumn: number | undefined): void {
    if (this.#terminals.some((each) => each.shellName === shellName && each.viewColumn !== viewColumn)) {
      this.#terminals = this.#terminals.map((terminal) => {
        const { viewColumn: before, ...rest } = terminal;
        return terminal.shellName !== shellName
          ? terminal
          : { ...rest, ...(viewColumn !== undefined && { viewColumn }) };
      });
      this.#keep(() => true);
    }
  }

  closed(shellName: string): void {
    const closed = this.#terminals.find((terminal) => terminal.shellName === shellName);
    const panes = this.#terminals.filter(({ splitOf }) => splitOf === shellName);
    // The panes that were beside it are still beside each other.
    const left = closed?.splitOf ?? panes[0]?.shellName;
    this.#terminals = this.#terminals.map((terminal) => {
      const { splitOf, ...rest } = terminal;
      return splitOf !== shellName
        ? terminal
        : { ...rest, ...(left !== undefined && left !== rest.shellName && { splitOf: left }) };
    });
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
    /^[\w-]+$/.test(value.shellName) &&
    (!("viewColumn" in value) || typeof value.viewColumn === "number") &&
    (!("splitOf" in value) || typeof value.splitOf === "string")
  );
}
