/** A login as the server sees it, judged, as plain frozen data. Text in it is untrusted: `printable` before showing. */
export interface RemoteSession {
  /** Stable while the same processes live: pid and start of what leads it, and its terminal. */
  readonly id: string;
  readonly kind: RemoteSessionKind;
  readonly user: string;
  readonly tty: string | undefined;
  readonly from: string | undefined;
  /** Seconds since the epoch on the server's clock. */
  readonly since: number | undefined;
  /** Seconds without input or output on the terminal. Undefined: no terminal, or nobody says. */
  readonly idleSeconds: number | undefined;
  readonly state: RemoteSessionState;
  /** What runs, in the order of the pids; the first is in the foreground where there is a terminal. */
  readonly programs: readonly string[];
  /** `carrier`: it is on the connection that carries this view. `ours`: on another connection of ours. */
  readonly ours: "carrier" | "ours" | undefined;
  /** Empty: not hung. */
  readonly hung: readonly HungReason[];
  /** What a kill signals. Empty: nothing to signal. Our carrier's own processes are never in it. */
  readonly targets: readonly KillTarget[];
}

export type RemoteSessionKind =
  /** A terminal on an SSH connection. */
  | "terminal"
  /** Programs without a terminal on an SSH connection (a command, sftp). */
  | "command"
  /** An SSH connection without a session on it: forwards, or a master that lingers. */
  | "connection"
  /** Somebody is logging in. */
  | "authenticating"
  /** A privileged sshd (`[priv]`) whose unprivileged child is gone. */
  | "orphan"
  /** A login that is not on a living SSH connection: the console, tmux, or left over. */
  | "login";

export type RemoteSessionState =
  | "running"
  | "sleeping"
  | "stopped"
  /** In an uninterruptible wait (disk, NFS). */
  | "blocked"
  /** No process is left. */
  | "gone"
  /** Nobody says. */
  | "unknown";

export interface KillTarget {
  readonly pid: number;
  /** See RemoteProcess.startKey. */
  readonly startKey: string;
}

/** Why a session counts as hung. `describeHungReason` says it in words. */
export type HungReason =
  | { readonly kind: "idle"; readonly idleSeconds: number; readonly limitSeconds: number }
  | { readonly kind: "orphan" }
  | { readonly kind: "no-connection" }
  | { readonly kind: "peer-closed"; readonly socketState: string }
  | { readonly kind: "unanswered"; readonly retransmits: number }
  | { readonly kind: "stopped"; readonly pid: number; readonly program: string }
  | { readonly kind: "stale-record" };
