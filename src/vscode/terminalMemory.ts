import type { Memento } from "vscode";

/** What is needed to open a terminal again. No secrets: the login is made anew. */
export interface RememberedTerminal {
  readonly host: string;
  readonly title: string;
  /** Its shell's name on the server, where that outlives the connection. */
  readonly shellName: string;
}

const key = "openTerminals";

/**
 * Which terminals are open in this workspace, so that they can be offered again after a reload of the window: VS Code
 * does not bring back terminals of extensions by itself.
 */
export class TerminalMemory {
  readonly #memento: Memento;
  /** Those that were open when the window went away, until they have been opened again or dismissed. */
  readonly #before: readonly RememberedTerminal[];
  #now: readonly RememberedTerminal[] = [];
  #taken = false;

  /** @param memento of the workspace. */
  constructor(memento: Memento) {
    this.#memento = memento;
    this.#before = memento.get<readonly unknown[]>(key, []).filter(isRemembered);
  }

  /** The terminals of the window's life before, once. */
  take(): readonly RememberedTerminal[] {
    if (this.#taken) {
      return [];
    }
    this.#taken = true;
    this.#save();
    return this.#before;
  }

  opened(terminal: RememberedTerminal): void {
    this.#now = [...this.#now.filter(({ shellName }) => shellName !== terminal.shellName), terminal];
    this.#save();
  }

  closed(shellName: string): void {
    this.#now = this.#now.filter((terminal) => terminal.shellName !== shellName);
    this.#save();
  }

  #save(): void {
    void this.#memento.update(key, this.#taken ? this.#now : [...this.#before, ...this.#now]);
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
