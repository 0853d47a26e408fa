import { SshSessionsError } from "../base/errors.ts";

export type RemoteViewErrorReason =
  /** The server ran something else than a POSIX shell (ForceCommand, Windows, a router's own prompt). */
  | "no-shell"
  /** The shell began and did not come to the end of the script. */
  | "incomplete"
  /** More output than we read. */
  | "too-much"
  /** The master is not there any more. */
  | "not-connected";

/** The server's own view can't be had. `detail` in the message is remote text, made printable. */
export class RemoteViewError extends SshSessionsError<RemoteViewErrorReason> {
  static is(error: unknown): error is RemoteViewError {
    return error instanceof RemoteViewError;
  }
}
