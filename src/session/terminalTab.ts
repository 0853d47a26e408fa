import { CancelledError } from "../base/errors.ts";
import type { SettingsFolder } from "../config/configPorts.ts";
import type { HostPolicies } from "../config/hostPolicies.ts";
import { hostNames } from "../config/hostSpec.ts";
import { type PersistentShell, persistentShell } from "./persistence.ts";
import type { SessionSnapshot } from "./sessionTypes.ts";

/** What a terminal tab was opened for. It stays the same for the lifetime of the tab. */
export interface TerminalTab {
  /** As typed. */
  readonly host: string;
  /** See SessionSnapshot. */
  readonly alias: string;
  /** The folder whose settings apply. */
  readonly folder?: SettingsFolder;
  readonly title: string;
  /** Runs instead of the login shell. */
  readonly command?: string;
  /** The name of the shell on the server, if it survives connections. */
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

/**
 * The commands that keep and end the shell of a tab on the server. Undefined: it ends with its connection, as a
 * command does.
 */
export function tabShell(tab: TerminalTab, policies: Pick<HostPolicies, "get">): PersistentShell | undefined {
  return tab.command === undefined
    ? persistentShell(policies.get("persistence", tab, tab.folder).value, tab.shellName)
    : undefined;
}

/** Seconds in which the server must end a shell that its terminal left behind. */
export const endShellWithin = 10;

/** `window`: the window closes or reloads, and its tabs with it. */
export type TabClosedBy = "window" | "person" | "program";

/** What to do after a tab was closed. */
export interface AfterTab {
  /** Do not offer it again after a reload. */
  readonly forget: boolean;
  /** A command that ends its shell on the server: a tab that the user closes leaves nothing running. */
  readonly endShell: string | undefined;
}

/** @param endCommand of the tab's shell; undefined if it ends with the connection, or never opened. */
export function afterTab(closedBy: TabClosedBy, endCommand: string | undefined): AfterTab {
  return {
    forget: closedBy !== "window",
    endShell: closedBy === "person" ? endCommand : undefined,
  };
}

/** What to do after a reload of the window with the terminals that were open before. */
export function reopening(before: number, automatic: boolean): "nothing" | "open" | "ask" {
  return before === 0 ? "nothing" : automatic ? "open" : "ask";
}

/** The first session of a tab: `opened` settles once, when it opens or when the tab is over before. */
export class FirstSession {
  readonly opened: Promise<SessionSnapshot>;
  #settle: { resolve(session: SessionSnapshot): void; reject(error: Error): void } | undefined;
  #failure: Error | undefined;

  constructor() {
    this.opened = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    // Most openers do not wait for it.
    this.opened.catch(() => {});
  }

  resolve(session: SessionSnapshot): void {
    this.#settle?.resolve(session);
    this.#settle = undefined;
  }

  /** The last attempt failed with this error; the tab may still be over for another reason. */
  failed(error: Error): void {
    this.#failure = error;
  }

  /** The tab is over. @returns the error to show: that of a first session; undefined after a cancellation. */
  over(): Error | undefined {
    const waiting = this.#settle;
    this.#settle = undefined;
    waiting?.reject(this.#failure ?? new CancelledError());
    return waiting === undefined ? undefined : this.#failure;
  }
}
