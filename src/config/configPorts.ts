import type { Event } from "../base/emitter.ts";
import type { ConfigWarning, HostConfig } from "./hostConfig.ts";
import type { PolicyKey, PolicyValue } from "./hostPolicies.ts";

/** A host that can be listed: from ssh_config or from settings. */
export interface HostEntry {
  /** As a person types it. */
  readonly alias: string;
  /** The line that names it; undefined for hosts from settings. `line` counts from 1. */
  readonly file?: string;
  readonly line?: number;
  readonly source: "sshConfig" | "setting";
  /** HostName as written, when the block has one: for the description, without resolving. */
  readonly hostName?: string;
  readonly user?: string;
  readonly port?: number;
}

/** Finds out what ssh_config and the settings say. */
export interface HostResolver {
  /** Hosts in file order, includes expanded, patterns and negations left out, duplicates once. Problems are in `problems`. */
  hosts(): Promise<{ readonly hosts: readonly HostEntry[]; readonly problems: readonly ConfigProblem[] }>;
  /**
   * @param host alias, `user@alias`, `alias:port`, `user@[::1]:port` or `ssh://…`.
   * @throws ConfigError
   */
  resolve(host: string, signal?: AbortSignal): Promise<HostConfig>;
  /** ssh_config files or relevant settings changed. */
  readonly onDidChange: Event<void>;
}

/** What is wrong with the files, beyond what reading them line by line shows. */
export interface ConfigProblemSource {
  /** `hosts()` has other problems: OpenSSH's `ssh` refused a line that our own reading takes, or that is mended. */
  readonly onDidChangeProblems: Event<void>;
  /** What the files ask for and is not honoured, by our own reading: it runs nothing, `Match exec` neither. @throws ConfigError `invalid-host` */
  warnings(host: string): Promise<readonly ConfigWarning[]>;
}

export interface ConfigProblem {
  readonly file: string;
  readonly line?: number;
  readonly message: string;
}

/** The layers of settings.json, the strongest first. */
export type SettingLayer = "workspaceFolder" | "workspace" | "user";

/** A folder of a window that has several, each with settings of its own. Plain data. */
export interface SettingsFolder {
  /** Tells folders apart. */
  readonly uri: string;
  /** As the editor shows it. */
  readonly name: string;
}

/** The layered settings. What chooses a destination never depends on a folder. */
export interface SettingsPort {
  readonly onDidChange: Event<void>;
  readonly isTrusted: boolean;
  /** Another ssh_config than the default ones; empty: OpenSSH's defaults. */
  readonly configFile: string;
  /** Per-host entries of `sshSessions.hosts`, in order; the first whose pattern matches and which sets the value wins. */
  readonly hosts: readonly HostSettings[];
  /** The folder that something opened now belongs to; undefined: no folder has settings of its own. */
  readonly folder: SettingsFolder | undefined;
  /**
   * What one layer says for `sshSessions.${key}`, as it stands there; undefined where it says nothing. Read anew at every
   * call.
   */
  read(key: string, layer: SettingLayer, folder?: SettingsFolder): unknown;
}

/** One entry of `sshSessions.hosts`. `pattern` as in ssh_config: `*`, `?`, `!`, comma or space separated. */
export type HostSettings = { readonly pattern: string } & {
  readonly [K in PolicyKey]?: NonNullable<PolicyValue<K>>;
};
