import type { ChannelTimeout } from "../config/channelTimeouts.ts";
import type { SudoState } from "./remoteFacts.ts";

/** A value with its place: `/etc/ssh/sshd_config:12`, `sshd -T`, `OpenSSH's default`. Untrusted text in `source`. */
export interface Known<T> {
  readonly value: T;
  readonly source: string;
}

/** The server's settings for ending sessions. Times are seconds; undefined: unknown. */
export interface ServerTimeouts {
  readonly system: string;
  readonly user: string;
  readonly server: "openssh" | "dropbear" | "unknown";
  readonly sudo: SudoState;
  /**
   * `effective`: reported by sshd itself for this login. `files`: read from its configuration. `none`: defaults are
   * assumed.
   */
  readonly basis: "effective" | "files" | "none";
  readonly clientAliveInterval: Known<number>;
  readonly clientAliveCountMax: Known<number>;
  readonly tcpKeepAlive: Known<boolean>;
  readonly channelTimeouts: Known<readonly ChannelTimeout[]>;
  readonly unusedConnectionTimeout: Known<number>;
  readonly rekeyLimit: Known<string>;
  /** Dropbear's `-I` (idle) and `-K` (keepalive). */
  readonly dropbearIdle: Known<number> | undefined;
  readonly dropbearKeepalive: Known<number> | undefined;
  /** Lines under conditions that can't be evaluated here. */
  readonly perhaps: readonly { readonly line: string; readonly criteria: string; readonly source: string }[];
  readonly unreadable: readonly string[];
  /** Base name of the login shell. */
  readonly shell: string;
  /** The last assignment in the shell's start files, or the environment's. */
  readonly tmout: Known<number> | undefined;
  readonly logind:
    | { readonly stopIdleSession: number | undefined; readonly killUserProcesses: boolean }
    | undefined;
  readonly kernel:
    | { readonly keepaliveTime: number; readonly keepaliveInterval: number; readonly keepaliveProbes: number }
    | undefined;
  /** The time after which a stateful firewall on the server itself drops a silent connection. */
  readonly conntrack: number | undefined;
}

/** Our own timeouts. Seconds; 0: no limit. */
export interface OurTimeouts {
  readonly host: string;
  readonly serverAliveInterval: Known<number>;
  readonly serverAliveCountMax: Known<number>;
  readonly tcpKeepAlive: Known<boolean>;
  /** This peer never replies to probes, so silence does not end it. */
  readonly probesIgnored: boolean;
  /** From ssh_config's own ChannelTimeout. */
  readonly channelTimeouts: Known<readonly ChannelTimeout[]>;
  readonly idleLimit: Known<number>;
  readonly timeLimit: Known<number>;
  /** `Infinity`: no limit. */
  readonly linger: Known<number>;
  /** The server's own version: `OpenSSH_9.2p1 Debian-2`. Untrusted. */
  readonly serverVersion: string | undefined;
}
