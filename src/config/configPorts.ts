import type { Event } from "../base/emitter.ts";
import type { HostConfig, KeepalivePolicy, ValueSource } from "./hostConfig.ts";

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

export interface ConfigProblem {
  readonly file: string;
  readonly line?: number;
  readonly message: string;
}

/** The layered settings, read anew at every call. `resource` is the workspace folder of the window's active thing, opaque. */
export interface SettingsPort {
  readonly onDidChange: Event<void>;
  readonly isTrusted: boolean;
  /** Another ssh_config than the default ones; empty: OpenSSH's defaults. */
  readonly configFile: string;
  /** Per-host entries of `sshSessions.hosts`, in order; the first whose pattern matches and which sets the value wins. */
  readonly hosts: readonly HostSettings[];
  /** `sshSessions.keepalive.*`: undefined where the layer does not set it. */
  keepalive(layer: "workspaceFolder" | "workspace" | "user"): KeepaliveLayer;
  /** `sshSessions.master.linger` in seconds and whether a person set it. */
  readonly linger: { readonly seconds: number; readonly source: ValueSource };
  /** What holds for terminals unless a host's entry says otherwise. */
  readonly terminals: {
    readonly reconnect: "auto" | "ask" | "never";
    readonly persistence: NonNullable<HostSettings["persistence"]>;
    /** `utf-8`, or a name that iconv knows. */
    readonly encoding: string;
  };
  /** Seconds; 0: none. The last one is for commands and scripts, the others for terminals. */
  readonly limits: {
    readonly timeLimitSeconds: number;
    readonly idleLimitSeconds: number;
    readonly commandTimeLimitSeconds: number;
  };
}

export interface KeepaliveLayer {
  readonly serverAliveInterval?: number;
  readonly serverAliveCountMax?: number;
  readonly tcpKeepAlive?: boolean;
}

/** One entry of `sshSessions.hosts`. `pattern` as in ssh_config: `*`, `?`, `!`, comma or space separated. */
export interface HostSettings extends KeepaliveLayer {
  readonly pattern: string;
  readonly hostName?: string;
  readonly user?: string;
  readonly port?: number;
  readonly linger?: number;
  readonly timeLimit?: number;
  readonly idleLimit?: number;
  /** The peer never answers probes: silence alone does not end it. */
  readonly ignoreMissingReplies?: boolean;
  readonly persistence?: "none" | "tmux" | "screen" | "zellij" | { readonly command: string };
  readonly reconnect?: "auto" | "ask" | "never";
  readonly encoding?: string;
  /** `sudo -n` may be used to look at and end remote sessions. */
  readonly sudo?: boolean;
}

/** Which settings and which layer decide keepalive for a host. */
export interface KeepaliveResolver {
  effective(config: HostConfig): KeepalivePolicy;
}
