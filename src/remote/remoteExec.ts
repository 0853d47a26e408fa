/** The result of one command on the server. */
export interface RemoteExecResult {
  /** Undefined when a signal or the time limit ended it. */
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
  /** The output was longer than `maxOutputBytes`; the rest is lost. */
  readonly truncated: boolean;
}

export interface RemoteExecOptions {
  /** Sent to standard input, then EOF. */
  readonly stdin: string;
  readonly timeLimitSeconds: number;
  readonly maxOutputBytes: number;
  readonly signal?: AbortSignal;
}

/**
 * Runs one command on a server over an existing connection. Rejects when the command could not be run at all, or with
 * the signal's reason.
 */
export type RemoteExec = (command: string, options: RemoteExecOptions) => Promise<RemoteExecResult>;

/** Access to one server: one per live master. */
export interface RemoteAccess {
  readonly exec: RemoteExec;
  /** `sudo -n` may be used there. */
  readonly sudo: boolean;
}
