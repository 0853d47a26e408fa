/**
 * A login on the server with its evaluation, as plain frozen data. Text in it is untrusted: use `printable` before
 * showing it.
 */
export interface RemoteSession {
  /** Stable while the same processes live: pid and start of the leader, and its terminal. */
  readonly id: string;
  readonly kind: RemoteSessionKind;
  readonly user: string;
  readonly tty: string | undefined;
  readonly from: string | undefined;
  /** Seconds since the epoch on the server's clock. */
  readonly since: number | undefined;
  /** Seconds without input or output on the terminal. Undefined: no terminal, or unknown. */
  readonly idleSeconds: number | undefined;
  readonly state: RemoteSessionState;
  /** The running programs, in the order of their pids; with a terminal, the first is in the foreground. */
  readonly programs: readonly string[];
  /** `carrier`: it is on the connection that carries this view. `ours`: it is on another connection of ours. */
  readonly ours: "carrier" | "ours" | undefined;
  /** Empty: not hung. */
  readonly hung: readonly HungReason[];
  /** The processes to signal. Empty: none. Our carrier's own processes are never in it. */
  readonly targets: readonly KillTarget[];
}

export type RemoteSessionKind =
  /** A terminal on an SSH connection. */
  | "terminal"
  /** Programs without a terminal on an SSH connection (a command, sftp). */
  | "command"
  /** An SSH connection without a session: forwards, or a lingering master. */
  | "connection"
  /** A login in progress. */
  | "authenticating"
  /** A privileged sshd (`[priv]`) whose unprivileged child has ended. */
  | "orphan"
  /** A login without a live SSH connection: on the console, in tmux, or left over. */
  | "login";

export type RemoteSessionState =
  | "running"
  | "sleeping"
  | "stopped"
  /** In an uninterruptible wait (disk, NFS). */
  | "blocked"
  /** No process is left. */
  | "gone"
  /** Unknown. */
  | "unknown";

export interface KillTarget {
  readonly pid: number;
  /** See RemoteProcess.startKey. */
  readonly startKey: string;
}

/** Why a session counts as hung. `describeHungReason` has the sentences. */
export type HungReason =
  | { readonly kind: "idle"; readonly idleSeconds: number; readonly limitSeconds: number }
  | { readonly kind: "orphan" }
  | { readonly kind: "no-connection" }
  | { readonly kind: "peer-closed"; readonly socketState: string }
  | { readonly kind: "unanswered"; readonly retransmits: number }
  | { readonly kind: "stopped"; readonly pid: number; readonly program: string }
  | { readonly kind: "stale-record" };
