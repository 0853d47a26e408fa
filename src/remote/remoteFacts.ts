/**
 * What the probe read on the server, parsed but not evaluated. All times are seconds since the epoch on the server's
 * clock.
 */
export interface RemoteFacts {
  /** `uname -s` and `uname -r`. */
  readonly system: string;
  readonly release: string;
  readonly now: number;
  /** Our user name there. */
  readonly user: string;
  readonly uid: number | undefined;
  /** The shell that ran the probe: its ancestors carry our connection. */
  readonly probePid: number;
  readonly connection: SshConnection | undefined;
  readonly sudo: SudoState;
  /** Tools that the probe did not find. */
  readonly missing: readonly string[];
  readonly processes: readonly RemoteProcess[];
  readonly logins: readonly LoginRecord[];
  readonly logind: readonly LogindSession[];
  /** Undefined when no tool could list sockets. Only sockets at our own server port. */
  readonly sockets: readonly RemoteSocket[] | undefined;
  readonly ttys: readonly TtyTimes[];
  /** SSH_CONNECTION of the processes whose environment we may read, by pid. */
  readonly environments: ReadonlyMap<number, SshConnection>;
}

const sudoStates = ["not-allowed", "unavailable", "not-needed", "used"] as const;
export type SudoState = (typeof sudoStates)[number];

/** Parses the script's output; anything else counts as no sudo. */
export function sudoState(text: string | undefined): SudoState {
  return sudoStates.find((state) => state === text) ?? "not-allowed";
}

/** The four values of SSH_CONNECTION, from the server's side (a NAT in between may have changed the client's). */
export interface SshConnection {
  readonly clientAddress: string;
  readonly clientPort: number;
  readonly serverAddress: string;
  readonly serverPort: number;
}

export interface RemoteProcess {
  readonly pid: number;
  readonly ppid: number;
  readonly pgid: number | undefined;
  /** The foreground process group of its terminal (Linux). */
  readonly foregroundPgid: number | undefined;
  /** It leads its session or its terminal. */
  readonly sessionLeader: boolean;
  /** It is in the foreground of its terminal. */
  readonly foreground: boolean;
  readonly uid: number | undefined;
  readonly user: string | undefined;
  /** `pts/0`, `ttys001`, `ttyp0`; undefined: none. */
  readonly tty: string | undefined;
  /** The first letter of the state: R, S, D, T, Z, I. */
  readonly state: string;
  readonly startedAt: number | undefined;
  /**
   * Identifies this incarnation of the pid: `ticks:N` (Linux, clock ticks since boot) or `lstart:TEXT`. Undefined:
   * the server can't provide it, and the process is never signalled.
   */
  readonly startKey: string | undefined;
  /** Untrusted. */
  readonly args: string;
}

/** A line of `who` or `w`. Untrusted text. */
export interface LoginRecord {
  readonly user: string;
  readonly tty: string;
  readonly from: string | undefined;
  readonly at: number | undefined;
  readonly idleSeconds: number | undefined;
  readonly pid: number | undefined;
  readonly what: string | undefined;
}

export interface LogindSession {
  readonly id: string;
  readonly user: string;
  readonly tty: string | undefined;
  readonly remoteHost: string | undefined;
  readonly leader: number | undefined;
  readonly service: string | undefined;
  readonly class: string | undefined;
  /** `active`, `online`, `closing`. */
  readonly state: string;
  readonly since: number | undefined;
}

export interface RemoteSocket {
  /** By their Linux names: `ESTAB`, `CLOSE-WAIT`, `FIN-WAIT-1`, … Undefined where the tool does not print it. */
  readonly state: string | undefined;
  readonly localAddress: string;
  readonly localPort: number;
  readonly peerAddress: string;
  readonly peerPort: number;
  /** Owners that the tool listed: usually only our own processes, unless we are root. */
  readonly pids: readonly number[];
  /** How often the kernel has sent the same bytes again without a reply. */
  readonly retransmits: number | undefined;
}

/** When a terminal was last read from (input came) and written to. */
export interface TtyTimes {
  readonly tty: string;
  readonly inputAt: number;
  readonly outputAt: number;
}
