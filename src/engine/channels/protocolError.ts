import { SshSessionsError } from "../../base/errors.ts";

/** Each ends the connection, as OpenSSH's channels.c does: the tests have the table of the rules. */
export type ProtocolViolation =
  /** Cut short, or with bytes behind its end. */
  | "malformed"
  /** For a channel number that is not in use. */
  | "unknown-channel"
  /** A confirmation or a failure for a channel that was not being opened. */
  | "not-opening"
  /** More than a tenth of the window was sent beyond the window. */
  | "window-exceeded"
  /** A window above 2^32 - 1 bytes (RFC 4254 section 5.2). */
  | "window-overflow"
  | "extended-data-after-eof"
  /** SSH_MSG_CHANNEL_CLOSE for a channel that was not confirmed. */
  | "close-before-open"
  /** A message of the connection protocol before the login. */
  | "too-early"
  /** It asks for reply after reply and takes none. */
  | "replies-not-read";

/** The peer broke RFC 4254. The message is for the log and holds no remote text. */
export class ProtocolError extends SshSessionsError<ProtocolViolation> {
  static is(error: unknown): error is ProtocolError {
    return error instanceof ProtocolError;
  }
}
