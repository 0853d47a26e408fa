import { CancelledError } from "../base/errors.ts";
import type { SettingsFolder } from "../config/configPorts.ts";
import type { HostPolicies } from "../config/hostPolicies.ts";
import { hostNames } from "../config/hostSpec.ts";
import { type PersistentShell, persistentShell } from "./persistence.ts";
import type { SessionSnapshot } from "./sessionTypes.ts";

/** What a terminal tab was opened for. It stays the same for as long as the tab is there. */
export interface TerminalTab {
  /** As typed. */
  readonly host: string;
  /** See SessionSnapshot. */
  readonly alias: string;
  /** Whose settings count. */
  readonly folder?: SettingsFolder;
  readonly title: string;
  /** In place of the login shell. */
  readonly command?: string;
  /** What the shell is called on the server where it outlives connections. */
  readonly shellName: string;
}

export interface TerminalTabInit {
  readonly host: string;
  readonly title: string;
  readonly folder: SettingsFolder | undefined;
  readonly command: string | undefined;
  readonly shellName: string;
}

export function terminalTab({ host, title, folder, command, shellName }: TerminalTabInit): TerminalTab {
  return {
    ...{ host, alias: hostNames(host).alias, title, shellName },
    ...(folder && { folder }),
    ...(command !== undefined && { command }),
  };
}

/** How the shell of a tab is kept and ended on the server. Undefined: it ends with its connection, as a command does. */
export function tabShell(tab: TerminalTab, policies: Pick<HostPolicies, "get">): PersistentShell | undefined {
  return tab.command === undefined
    ? persistentShell(policies.get("persistence", tab, tab.folder).value, tab.shellName)
    : undefined;
}

/** `window`: the window closes or reloads, and takes its tabs along. */
export type TabClosedBy = "window" | "person" | "program";

/** What follows when a tab is gone. */
export interface AfterTab {
  /** It is not offered again after a reload. */
  readonly forget: boolean;
  /** A command that ends its shell on the server: a tab that a person closes leaves nothing behind. */
  readonly endShell: string | undefined;
}

/** @param endCommand of the tab's shell; undefined where it does not outlive the connection, or never opened. */
export function afterTab(closedBy: TabClosedBy, endCommand: string | undefined): AfterTab {
  return {
    forget: closedBy !== "window",
    endShell: closedBy === "person" ? endCommand : undefined,
  };
}

/** What to do, after a reload of the window, about the terminals that were open before it. */
export function reopening(before: number, automatic: boolean): "nothing" | "open" | "ask" {
  return before === 0 ? "nothing" : automatic ? "open" : "ask";
}

/** The first session of a tab, for those that wait for it: it opens once, or the tab is over before. */
export class FirstSession {
  readonly opened: Promise<SessionSnapshot>;
  #settle: { resolve(session: SessionSnapshot): void; reject(error: Error): void } | undefined;
  #failure: Error | undefined;

  constructor() {
    this.opened = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    // Most openers do not wait.
    this.opened.catch(() => {});
  }

  resolve(session: SessionSnapshot): void {
    this.#settle?.resolve(session);
    this.#settle = undefined;
  }

  /** The last attempt failed with it; the tab may still be over for another reason. */
  failed(error: Error): void {
    this.#failure = error;
  }

  /** The tab is over. @returns the failure to present: that of a first session; undefined for a cancellation. */
  over(): Error | undefined {
    const waiting = this.#settle;
    this.#settle = undefined;
    waiting?.reject(this.#failure ?? new CancelledError());
    return waiting === undefined ? undefined : this.#failure;
  }
}
