import type { AddKeysToAgent } from "./addKeysToAgent.ts";
import type { ChannelTimeout } from "./channelTimeouts.ts";
import type { ForwardSpec } from "./forwardSpec.ts";
import type { Keyword } from "./keywordTable.ts";
import type { RekeyLimitValue } from "./rekeyLimit.ts";

/** The source of one effective value, for hovers and for the command that opens its line. */
export type ValueSource =
  | { readonly kind: "default" }
  | {
      readonly kind: "setting";
      readonly setting: string;
      readonly layer: "user" | "workspace" | "workspaceFolder";
      /** The folder's name, for `workspaceFolder`. */
      readonly folder?: string;
    }
  /** The entry of `sshSessions.hosts` with this pattern. */
  | { readonly kind: "hostSetting"; readonly pattern: string }
  /** ssh_config; `line` counts from 1. Unknown when only `ssh -G` reported the value. */
  | { readonly kind: "sshConfig"; readonly file?: string; readonly line?: number }
  /** Typed as part of the host (`user@host:port`), or passed by the caller. */
  | { readonly kind: "commandLine" };

export type StrictHostKeyChecking = "yes" | "accept-new" | "ask" | "no";

/** One hop of ProxyJump, in connection order: `alias` is resolved like any host. */
export interface JumpHop {
  readonly alias: string;
  readonly user?: string;
  readonly port?: number;
}

/**
 * The values of ssh_config(5) for one host, with all tokens and `~` expanded and all defaults filled in. Frozen.
 * Times are in seconds, as in ssh_config. Lists are in the order in which OpenSSH tries them.
 */
export interface HostConfig {
  /** What the user typed, without user and port: the argument that `Host` patterns match. */
  readonly alias: string;
  readonly hostName: string;
  readonly user: string;
  readonly port: number;
  readonly hostKeyAlias?: string;
  readonly addressFamily: "any" | "inet" | "inet6";
  readonly bindAddress?: string;
  /** 0: no limit. Undefined: not set, which means the system's TCP time limit (callers then use 30 s). */
  readonly connectTimeout?: number;
  readonly connectionAttempts: number;
  readonly proxyJump: readonly JumpHop[];
  readonly proxyCommand?: string;

  readonly strictHostKeyChecking: StrictHostKeyChecking;
  readonly userKnownHostsFiles: readonly string[];
  readonly globalKnownHostsFiles: readonly string[];
  readonly hashKnownHosts: boolean;
  /** UpdateHostKeys, with OpenSSH's default filled in. Undefined: no. */
  readonly updateHostKeys?: "yes" | "no" | "ask";
  /** RevokedHostKeys: files of keys, or KRLs, that a server's key must not be in. Expanded. */
  readonly revokedHostKeysFiles: readonly string[];
  /** KnownHostsCommand as written: its tokens depend on the key that the server shows. */
  readonly knownHostsCommand?: string;
  readonly noHostAuthenticationForLocalhost: boolean;
  /** RequiredRSASize in bits, for the RSA keys of servers and of users. */
  readonly requiredRsaSize: number;

  /** Whether `identityFiles` holds OpenSSH's defaults, because IdentityFile is not set. */
  readonly identityFilesAreDefault: boolean;
  readonly identityFiles: readonly string[];
  readonly certificateFiles: readonly string[];
  readonly identitiesOnly: boolean;
  /** Path, `SSH_AUTH_SOCK`, or `none`; undefined: `$SSH_AUTH_SOCK`. Already expanded otherwise. */
  readonly identityAgent?: string;
  /** AddKeysToAgent; undefined: no. */
  readonly addKeysToAgent?: AddKeysToAgent;
  /** SecurityKeyProvider, if it is not the built-in one: a library, expanded. */
  readonly securityKeyProvider?: string;
  readonly forwardAgent: boolean | string;
  readonly pubkeyAuthentication: boolean;
  readonly passwordAuthentication: boolean;
  readonly kbdInteractiveAuthentication: boolean;
  readonly batchMode: boolean;
  readonly preferredAuthentications: readonly string[];
  readonly numberOfPasswordPrompts: number;

  /** Undefined where nothing is set: the engine's own list. Split at the commas. */
  readonly ciphers?: readonly string[];
  readonly macs?: readonly string[];
  readonly kexAlgorithms?: readonly string[];
  readonly hostKeyAlgorithms?: readonly string[];
  /** The algorithms allowed for public keys. RSA with SHA-1 is `ssh-rsa`, which is not in OpenSSH's default. */
  readonly pubkeyAcceptedAlgorithms?: readonly string[];
  /** CASignatureAlgorithms: the algorithms that the authority of a host certificate may have signed it with. */
  readonly caSignatureAlgorithms?: readonly string[];
  readonly compression: boolean;
  /** RekeyLimit, if it is set. */
  readonly rekeyLimit?: RekeyLimitValue;

  /** Undefined: not set in ssh_config, so that other layers may set it (see hostPolicies). */
  readonly serverAliveInterval?: number;
  readonly serverAliveCountMax?: number;
  readonly tcpKeepAlive?: boolean;
  /** ControlPath, expanded: where the user's own `ssh` has its master for this host. */
  readonly controlPath?: string;
  /** ControlMaster is `yes` or `auto`: `ssh` makes a master at `controlPath` if none is there, and asks nobody. */
  readonly makesControlMaster?: boolean;
  /** ControlPersist in seconds (Infinity for `yes`/0, 0 for `no`), when the file sets it. */
  readonly controlPersist?: number;

  readonly requestTty: "auto" | "no" | "yes" | "force";
  /**
   * The kind of session that `ssh` requests when no command is given: a shell, none, or the subsystem in
   * RemoteCommand.
   */
  readonly sessionType: "default" | "subsystem" | "none";
  readonly remoteCommand?: string;
  readonly sendEnv: readonly string[];
  readonly setEnv: Readonly<Record<string, string>>;
  /** One character, or `none`. Default `~`. */
  readonly escapeChar: string;
  /** ChannelTimeout lines: pattern=interval, e.g. `session:shell=10m`, parsed; seconds. */
  readonly channelTimeouts: readonly ChannelTimeout[];

  /** LocalForward and the keywords that belong to it. */
  readonly forwarding: ForwardConfig;

  readonly logLevel: SshLogLevel;

  /** Every value as `ssh -G` prints it, by lower-case keyword: for display, not for decisions. */
  readonly values: ReadonlyMap<string, readonly string[]>;
  /** Source of each value, by lower-case ssh_config keyword (`hostname`, `user`, `serveraliveinterval`, …). */
  readonly sources: ReadonlyMap<string, ValueSource>;
  /**
   * What the files ask for and this extension does not do, and what was left out while reading them.
   * `configWarningText` has the words.
   */
  readonly warnings: readonly ConfigWarning[];
}

export interface ConfiguredForward {
  readonly spec: ForwardSpec;
  /** The line that sets it. */
  readonly source: Extract<ValueSource, { readonly kind: "sshConfig" }>;
}

export interface ForwardConfig {
  /** LocalForward, RemoteForward and DynamicForward without duplicates; empty under ClearAllForwardings. */
  readonly forwards: readonly ConfiguredForward[];
  readonly gatewayPorts: boolean;
  readonly exitOnForwardFailure: boolean;
  /** EnableEscapeCommandline: `~C` opens the command line. */
  readonly escapeCommandLine: boolean;
  /** A umask. */
  readonly streamLocalBindMask: number;
  readonly streamLocalBindUnlink: boolean;
  /** PermitRemoteOpen, `host:port` patterns; undefined: anything. */
  readonly permitRemoteOpen?: readonly string[];
}

/** LogLevel in OpenSSH's words (log.c), least first. */
export const sshLogLevels = [
  "QUIET",
  "FATAL",
  "ERROR",
  "INFO",
  "VERBOSE",
  "DEBUG",
  "DEBUG2",
  "DEBUG3",
] as const;
export type SshLogLevel = (typeof sshLogLevels)[number];

export type ConfigWarning =
  /** A keyword that this extension does not honour. `value` as written, untrusted. */
  | {
      readonly kind: "keyword";
      readonly keyword: Keyword;
      readonly value: string;
      readonly file?: string;
      readonly line?: number;
      /** Set by a file of the machine's administrator, such as `/etc/ssh/ssh_config`. */
      readonly isSystemWide: boolean;
    }
  /** Without OpenSSH's `ssh`, blocks under a `Match exec` are left out. */
  | { readonly kind: "match-exec"; readonly file: string; readonly line: number }
  /** Without OpenSSH's `ssh`, names are not canonicalized. */
  | { readonly kind: "canonicalize" }
  | { readonly kind: "file-left-out"; readonly file: string; readonly why: string };

/** The effective keepalive values, each with the layer that set it. */
export interface KeepalivePolicy {
  /** Seconds of silence before a probe; 0 switches probing off. */
  readonly serverAliveInterval: number;
  /** Unanswered probes before the peer counts as dead. At least 1. */
  readonly serverAliveCountMax: number;
  readonly tcpKeepAlive: boolean;
  readonly sources: {
    readonly serverAliveInterval: ValueSource;
    readonly serverAliveCountMax: ValueSource;
    readonly tcpKeepAlive: ValueSource;
  };
}

export interface LingerPolicy {
  /** How long a connection stays after its last session; 0: it ends at once, Infinity: it stays. */
  readonly seconds: number;
  readonly source: ValueSource;
}
