import type { Event } from "../base/emitter.ts";
import type { ConfigWarning, HostConfig } from "./hostConfig.ts";
import type { PolicyKey, PolicyValue } from "./hostPolicies.ts";

/** A host that can be listed, from ssh_config or from settings. */
export interface HostEntry {
  /** As a user would type it. */
  readonly alias: string;
  /** The line that names the host; undefined for hosts from settings. `line` counts from 1. */
  readonly file?: string;
  readonly line?: number;
  readonly source: "sshConfig" | "setting";
  /** What `ssh -G` would report, where the files or the settings set it and that is certain without `ssh`. */
  readonly hostName?: string;
  readonly user?: string;
  readonly port?: number;
}

/** Reads what ssh_config and the settings say. */
export interface HostResolver {
  /**
   * Hosts in file order, with includes expanded, without patterns, negations and duplicates. Errors are in
   * `problems`.
   */
  hosts(): Promise<{ readonly hosts: readonly HostEntry[]; readonly problems: readonly ConfigProblem[] }>;
  /**
   * @param host alias, `user@alias`, `alias:port`, `user@[::1]:port` or `ssh://…`.
   * @throws ConfigError
   */
  resolve(host: string, signal?: AbortSignal): Promise<HostConfig>;
  /** The ssh_config files or relevant settings changed. */
  readonly onDidChange: Event<void>;
}

/** Problems of the files beyond those that the list of hosts shows. */
export interface ConfigProblemSource {
  /**
   * `hosts()` has other problems now: OpenSSH's `ssh` refused a line that our parser accepts, or the line was fixed.
   */
  readonly onDidChangeProblems: Event<void>;
  /**
   * What the files ask for and this extension does not honour, from our own parser, which runs nothing, not even
   * `Match exec`.
   * @throws ConfigError `invalid-host`
   */
  warnings(host: string): Promise<readonly ConfigWarning[]>;
}

/** Where the user's own `ssh` has its master for a host, and for which destination. */
export interface HostControlPath {
  readonly alias: string;
  readonly path: string;
  readonly user: string;
  readonly hostName: string;
  readonly port: number;
}

/**
 * The values of ControlPath, from our own parser, which runs nothing, not even `Match exec`. Without the settings of
 * this extension, which the user's own `ssh` does not know.
 */
export interface ControlPathSource {
  /** Of the hosts that ssh_config lists, where it is set. */
  controlPaths(): Promise<readonly HostControlPath[]>;
  /** Undefined: it is not set for this host. */
  controlPath(alias: string): Promise<HostControlPath | undefined>;
  /** The ssh_config files or relevant settings changed. */
  readonly onDidChange: Event<void>;
}

export interface ConfigProblem {
  readonly file: string;
  readonly line?: number;
  readonly message: string;
}

/** The layers of settings.json, strongest first. */
export type SettingLayer = "workspaceFolder" | "workspace" | "user";

/** A folder of a multi-root workspace, which may have its own settings. Plain data. */
export interface SettingsFolder {
  /** Identifies the folder. */
  readonly uri: string;
  /** The name that the editor shows. */
  readonly name: string;
}

/** The layered settings. Settings that choose a destination never depend on a folder. */
export interface SettingsPort {
  readonly onDidChange: Event<void>;
  readonly isTrusted: boolean;
  /** An ssh_config that replaces the default files; empty: OpenSSH's defaults. */
  readonly configFile: string;
  /** Per-host entries of `sshSessions.hosts`, in order. The first entry that matches and sets the value wins. */
  readonly hosts: readonly HostSettings[];
  /** The folder for something opened now; undefined: no folder has settings of its own. */
  readonly folder: SettingsFolder | undefined;
  /**
   * The raw value that one layer sets for `sshSessions.${key}`; undefined where it sets none. Read again at every
   * call.
   */
  read(key: string, layer: SettingLayer, folder?: SettingsFolder): unknown;
}

/** One entry of `sshSessions.hosts`. `pattern` as in ssh_config: `*`, `?`, `!`, comma or space separated. */
export type HostSettings = { readonly pattern: string } & {
  readonly [K in PolicyKey]?: NonNullable<PolicyValue<K>>;
};
