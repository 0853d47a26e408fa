import { SshSessionsError } from "../base/errors.ts";

export type RemoteViewErrorReason =
  /** The server ran something other than a POSIX shell (ForceCommand, Windows, a router's own prompt). */
  | "no-shell"
  /** The shell started and did not reach the end of the script. */
  | "incomplete"
  /** More output than the limit. */
  | "too-much"
  /** The master has ended. */
  | "not-connected";

/** The server's own view can't be read. `detail` in the message is remote text, made printable. */
export class RemoteViewError extends SshSessionsError<RemoteViewErrorReason> {
  static override readonly name = "RemoteViewError";

  static is(error: unknown): error is RemoteViewError {
    return error instanceof RemoteViewError;
  }
}
