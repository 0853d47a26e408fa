import { SshSessionsError } from "../../base/errors.ts";

/** Violations that end the connection, as in OpenSSH's channels.c. The tests have the table of the rules. */
export type ProtocolViolation =
  /** Cut short, or with trailing bytes. */
  | "malformed"
  /** For a channel number that is not in use. */
  | "unknown-channel"
  /** A confirmation or failure for a channel that was not being opened. */
  | "not-opening"
  /** The peer sent more than a tenth of the window beyond it. */
  | "window-exceeded"
  /** A window above 2^32 - 1 bytes (RFC 4254 section 5.2). */
  | "window-overflow"
  | "extended-data-after-eof"
  /** SSH_MSG_CHANNEL_CLOSE for a channel that was not confirmed. */
  | "close-before-open"
  /** A message of the connection protocol before the login. */
  | "too-early"
  /** The peer keeps requesting replies and does not read them. */
  | "replies-not-read";

/** The peer violated RFC 4254. The message is for the log and contains no remote text. */
export class ProtocolError extends SshSessionsError<ProtocolViolation> {
  static override readonly name = "ProtocolError";

  static is(error: unknown): error is ProtocolError {
    return error instanceof ProtocolError;
  }
}
