import type { ChannelTimeout } from "../config/channelTimeouts.ts";
import type { SudoState } from "./remoteFacts.ts";

/** A value with where it stands: `/etc/ssh/sshd_config:12`, `sshd -T`, `OpenSSH's default`. Untrusted text in `source`. */
export interface Known<T> {
  readonly value: T;
  readonly source: string;
}

/** What the server says about ending sessions. Times are seconds; undefined: nobody says. */
export interface ServerTimeouts {
  readonly system: string;
  readonly user: string;
  readonly server: "openssh" | "dropbear" | "unknown";
  readonly sudo: SudoState;
  /** `effective`: sshd itself told it for this very login. `files`: read from its configuration. `none`: defaults are assumed. */
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
  /** Lines that apply under conditions which can't be decided here. */
  readonly perhaps: readonly { readonly line: string; readonly criteria: string; readonly source: string }[];
  readonly unreadable: readonly string[];
  /** Base name of the login shell. */
  readonly shell: string;
  /** The last assignment that the shell's start files make, or the environment's. */
  readonly tmout: Known<number> | undefined;
  readonly logind:
    | { readonly stopIdleSession: number | undefined; readonly killUserProcesses: boolean }
    | undefined;
  readonly kernel:
    | { readonly keepaliveTime: number; readonly keepaliveInterval: number; readonly keepaliveProbes: number }
    | undefined;
  /** A stateful firewall on the server itself forgets a silent connection after this. */
  readonly conntrack: number | undefined;
}

/** What we ourselves do. Seconds; 0: no limit. */
export interface OurTimeouts {
  readonly host: string;
  readonly serverAliveInterval: Known<number>;
  readonly serverAliveCountMax: Known<number>;
  readonly tcpKeepAlive: Known<boolean>;
  /** This peer never answers probes, so silence does not end it. */
  readonly probesIgnored: boolean;
  /** From ssh_config's own ChannelTimeout. */
  readonly channelTimeouts: Known<readonly ChannelTimeout[]>;
  readonly idleLimit: Known<number>;
  readonly timeLimit: Known<number>;
  /** `Infinity`: for ever. */
  readonly linger: Known<number>;
  /** As the server announced itself: `OpenSSH_9.2p1 Debian-2`. Untrusted. */
  readonly serverVersion: string | undefined;
}
