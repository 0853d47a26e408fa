import * as vscode from "vscode";
import { type Disposable, DisposableStore } from "../../base/disposable.ts";
import { Emitter } from "../../base/emitter.ts";
import type { Logger } from "../../base/log.ts";
import type { KeptListed } from "../../engine/keeper/keeperMessages.ts";
import type { TabClosedBy } from "../../session/terminalTab.ts";
import type { KeeperSharing } from "../../share/keeper/keeperSharing.ts";
import { ptyOf } from "./sshTerminals.ts";
import type { RememberedTerminal, TerminalMemory } from "./terminalMemory.ts";

export interface KeptTerminalsInit {
  readonly keeper: Pick<KeeperSharing, "isOn" | "find" | "end" | "isShownElsewhere">;
  readonly memory: TerminalMemory;
  readonly logger: Logger;
}

/** The sessions of the keeper, and the terminals of this window that show them. */
export class KeptTerminals implements Disposable {
  readonly #init: KeptTerminalsInit;
  readonly #store = new DisposableStore();
  readonly #changed = new Emitter<void>();
  #sessions: readonly KeptListed[] = [];
  #isListing = false;
  #isStale = false;

  /** `elsewhere` may have changed. */
  readonly onDidChange = this.#changed.event;

  constructor(init: KeptTerminalsInit) {
    this.#init = init;
    const refresh = (): void => void this.refresh();
    this.#store.add(vscode.window.onDidOpenTerminal(refresh));
    this.#store.add(vscode.window.onDidCloseTerminal(refresh));
    this.#store.add(
      vscode.window.onDidChangeWindowState(({ focused }) => {
        if (focused) {
          refresh();
        }
      }),
    );
  }

  /** Sessions that are not open in this window. Those of other windows: when they were last listed. */
  get elsewhere(): readonly KeptListed[] {
    const own = new Set(
      vscode.window.terminals.flatMap((terminal) => {
        const pty = ptyOf(terminal);
        return pty === undefined || pty.isElsewhere ? [] : [pty.request.shellName];
      }),
    );
    return this.#sessions.filter(({ id, ended }) => !own.has(id) && !ended);
  }

  /** The setting: new terminals are the keeper's. */
  get isOn(): boolean {
    return this.#init.keeper.isOn;
  }

  /** Undefined: no keeper runs. */
  async find(): Promise<readonly KeptListed[] | undefined> {
    const found = await this.#init.keeper.find();
    this.#sessions = found ?? [];
    this.#changed.fire();
    return found;
  }

  async refresh(): Promise<void> {
    // What is being listed may be older than this.
    this.#isStale = true;
    if (this.#isListing) {
      return;
    }
    this.#isListing = true;
    try {
      while (this.#isStale && (this.isOn || this.#sessions.length > 0)) {
        this.#isStale = false;
        await this.find();
      }
    } finally {
      this.#isListing = false;
    }
  }

  /**
   * Opens the terminals from before a reload of the window whose sessions the keeper holds. Others are left, and one
   * that another window has opened meanwhile belongs to that window.
   */
  async reopen(open: (terminal: RememberedTerminal) => void): Promise<void> {
    const { keeper, memory } = this.#init;
    if (!keeper.isOn || memory.before.length === 0) {
      return;
    }
    const kept = new Map(((await this.find()) ?? []).map((session) => [session.id, session]));
    for (const terminal of memory.take(({ shellName }) => kept.has(shellName))) {
      const session = kept.get(terminal.shellName);
      if (session !== undefined && keeper.isShownElsewhere(session)) {
        memory.closed(terminal.shellName);
      } else {
        open(terminal);
      }
    }
  }

  /** A tab was closed. Its session ends, unless the window closes or reloads. */
  closed(shellName: string, by: TabClosedBy): void {
    if (by !== "window") {
      this.#init.keeper
        .end(shellName)
        .then(() => this.refresh())
        .catch((error: unknown) => this.#init.logger.error("the session may still run in the keeper", error));
    }
  }

  dispose(): void {
    this.#store.dispose();
    this.#changed.dispose();
  }
}
