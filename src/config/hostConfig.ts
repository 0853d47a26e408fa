import type { AddKeysToAgent } from "./addKeysToAgent.ts";
import type { ChannelTimeout } from "./channelTimeouts.ts";
import type { ForwardSpec } from "./forwardSpec.ts";
import type { Keyword } from "./keywordTable.ts";
import type { RekeyLimitValue } from "./rekeyLimit.ts";

/** Where one effective value comes from, for hovers and for "open the line that says so". */
export type ValueSource =
  | { readonly kind: "default" }
  | {
      readonly kind: "setting";
      readonly setting: string;
      readonly layer: "user" | "workspace" | "workspaceFolder";
      /** The folder's name, for `workspaceFolder`. */
      readonly folder?: string;
    }
  /** `sshSessions.hosts`, the entry with this pattern. */
  | { readonly kind: "hostSetting"; readonly pattern: string }
  /** ssh_config; `line` counts from 1. Unknown when only `ssh -G` told the value. */
  | { readonly kind: "sshConfig"; readonly file?: string; readonly line?: number }
  /** Typed as part of the host (`user@host:port`), or given by the caller. */
  | { readonly kind: "commandLine" };

export type YesNo = "yes" | "no";
export type StrictHostKeyChecking = "yes" | "accept-new" | "ask" | "no";

/** One hop of ProxyJump, in the order in which they are connected: `alias` is resolved like any host. */
export interface JumpHop {
  readonly alias: string;
  readonly user?: string;
  readonly port?: number;
}

/**
 * What ssh_config(5) says for one host, all tokens and `~` expanded, all defaults filled in. Frozen.
 * Times are seconds, as in ssh_config. Lists are in the order in which OpenSSH tries them.
 */
export interface HostConfig {
  /** What the person typed, without user and port: the argument that `Host` patterns match. */
  readonly alias: string;
  readonly hostName: string;
  readonly user: string;
  readonly port: number;
  readonly hostKeyAlias?: string;
  readonly addressFamily: "any" | "inet" | "inet6";
  readonly bindAddress?: string;
  /** 0: no limit. Undefined: not set, that is, the system's own TCP time limit (callers then use 30 s). */
  readonly connectTimeout?: number;
  readonly connectionAttempts: number;
  readonly proxyJump: readonly JumpHop[];
  readonly proxyCommand?: string;

  readonly strictHostKeyChecking: StrictHostKeyChecking;
  readonly userKnownHostsFiles: readonly string[];
  readonly globalKnownHostsFiles: readonly string[];
  readonly hashKnownHosts: boolean;
  /** UpdateHostKeys, OpenSSH's default filled in. Undefined: no. */
  readonly updateHostKeys?: "yes" | "no" | "ask";
  /** RevokedHostKeys: files of keys, or KRLs, that no host may show. Expanded. */
  readonly revokedHostKeysFiles: readonly string[];
  /** KnownHostsCommand as written: its tokens depend on the key that the server shows. */
  readonly knownHostsCommand?: string;
  readonly noHostAuthenticationForLocalhost: boolean;
  /** RequiredRSASize in bits, for the RSA keys of servers and of users. */
  readonly requiredRsaSize: number;

  /** Whether IdentityFile was set; if not, `identityFiles` holds OpenSSH's defaults. */
  readonly identityFilesAreDefault: boolean;
  readonly identityFiles: readonly string[];
  readonly certificateFiles: readonly string[];
  readonly identitiesOnly: boolean;
  /** Path, `SSH_AUTH_SOCK`, or `none`; undefined: `$SSH_AUTH_SOCK`. Already expanded otherwise. */
  readonly identityAgent?: string;
  /** AddKeysToAgent; undefined: no. */
  readonly addKeysToAgent?: AddKeysToAgent;
  /** SecurityKeyProvider, where it is not the built-in one: a library, expanded. */
  readonly securityKeyProvider?: string;
  readonly forwardAgent: boolean | string;
  readonly pubkeyAuthentication: boolean;
  readonly passwordAuthentication: boolean;
  readonly kbdInteractiveAuthentication: boolean;
  readonly batchMode: boolean;
  readonly preferredAuthentications: readonly string[];
  readonly numberOfPasswordPrompts: number;

  /** Undefined where nothing is set: the engine's own list. Lists in ssh_config's comma form, split. */
  readonly ciphers?: readonly string[];
  readonly macs?: readonly string[];
  readonly kexAlgorithms?: readonly string[];
  readonly hostKeyAlgorithms?: readonly string[];
  /** What public keys may be tried with. RSA with SHA-1 is `ssh-rsa`, which is not in OpenSSH's default. */
  readonly pubkeyAcceptedAlgorithms?: readonly string[];
  /** CASignatureAlgorithms: how the authority of a host certificate may have signed it. */
  readonly caSignatureAlgorithms?: readonly string[];
  readonly compression: boolean;
  /** RekeyLimit, where it is set. */
  readonly rekeyLimit?: RekeyLimitValue;

  /** Undefined: not set in ssh_config, so that other layers may decide (see hostPolicies). */
  readonly serverAliveInterval?: number;
  readonly serverAliveCountMax?: number;
  readonly tcpKeepAlive?: boolean;
  /** ControlPersist in seconds (Infinity for `yes`/0, 0 for `no`), when the file sets it. */
  readonly controlPersist?: number;

  readonly requestTty: "auto" | "no" | "yes" | "force";
  /** What kind of session `ssh` asks for when no command is given: none at all, or the subsystem that RemoteCommand names. */
  readonly sessionType: "default" | "subsystem" | "none";
  readonly remoteCommand?: string;
  readonly sendEnv: readonly string[];
  readonly setEnv: Readonly<Record<string, string>>;
  /** One character, or `none`. Default `~`. */
  readonly escapeChar: string;
  /** ChannelTimeout lines: pattern=interval, e.g. `session:shell=10m`, parsed; seconds. */
  readonly channelTimeouts: readonly ChannelTimeout[];

  /** LocalForward and all that belongs to it. */
  readonly forwarding: ForwardConfig;

  readonly logLevel: SshLogLevel;

  /** Every value as `ssh -G` prints it, by lower-case keyword: for showing, not for acting on. */
  readonly values: ReadonlyMap<string, readonly string[]>;
  /** Source of each value, by lower-case ssh_config keyword (`hostname`, `user`, `serveraliveinterval`, …). */
  readonly sources: ReadonlyMap<string, ValueSource>;
  /** What the files ask for and is not done, and what was left out while they were read. `configWarningText` has the words. */
  readonly warnings: readonly ConfigWarning[];
}

export interface ConfiguredForward {
  readonly spec: ForwardSpec;
  /** The line that sets it. */
  readonly source: Extract<ValueSource, { readonly kind: "sshConfig" }>;
}

export interface ForwardConfig {
  /** LocalForward, RemoteForward and DynamicForward, each once; none under ClearAllForwardings. */
  readonly forwards: readonly ConfiguredForward[];
  readonly gatewayPorts: boolean;
  readonly exitOnForwardFailure: boolean;
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
      /** A file of the machine's administrator sets it, such as `/etc/ssh/ssh_config`. */
      readonly isSystemWide: boolean;
    }
  /** Without OpenSSH's `ssh`, the blocks of a `Match exec` are left out. */
  | { readonly kind: "match-exec"; readonly file: string; readonly line: number }
  /** Without OpenSSH's `ssh`, names are not canonicalized. */
  | { readonly kind: "canonicalize" }
  | { readonly kind: "file-left-out"; readonly file: string; readonly why: string };

/** The keepalive values in force, each with the layer that won. */
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
  /** How long a connection stays after its last session; 0: leaves at once, Infinity: stays. */
  readonly seconds: number;
  readonly source: ValueSource;
}
