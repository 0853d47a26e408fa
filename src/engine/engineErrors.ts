import { SshSessionsError } from "../base/errors.ts";

export type ConnectErrorReason =
  | "name-not-found"
  | "refused"
  | "unreachable"
  | "timed-out"
  | "reset"
  | "closed-during-handshake"
  | "no-common-algorithm"
  | "not-ssh"
  | "protocol"
  | "proxy-failed"
  | "jump-failed"
  | "unsupported"
  | "local";

/** No connection came about. `detail` is untrusted text, made printable. */
export class ConnectError extends SshSessionsError<ConnectErrorReason> {
  static is(error: unknown): error is ConnectError {
    return error instanceof ConnectError;
  }
}

export type ChannelErrorReason =
  /** SSH_OPEN_ADMINISTRATIVELY_PROHIBITED, SSH_OPEN_CONNECT_FAILED, SSH_OPEN_RESOURCE_SHORTAGE: often MaxSessions. */
  | "refused"
  /** The server accepted the channel and refused the shell, command, subsystem or pty. */
  | "request-failed"
  | "timed-out"
  | "connection-ended";

/** A channel did not open. `code`: RFC 4254 section 5.1, where the server gave one. */
export class ChannelError extends SshSessionsError<ChannelErrorReason> {
  readonly code: number | undefined;
  /** The shell, command or subsystem had been asked for: whether the server acted on it is not known. */
  readonly mayHaveStarted: boolean;

  constructor(
    reason: ChannelErrorReason,
    message: string,
    options?: { cause?: unknown; code?: number; mayHaveStarted?: boolean },
  ) {
    super(reason, message, options);
    this.code = options?.code;
    this.mayHaveStarted = options?.mayHaveStarted ?? false;
  }

  static is(error: unknown): error is ChannelError {
    return error instanceof ChannelError;
  }
}
