import { SshSessionsError } from "../base/errors.ts";

export type ShareErrorReason =
  /** This system has no sockets with modes. */
  | "unsupported"
  /** The folder of the sockets belongs to somebody else, is a link, or lets others in. */
  | "unsafe-folder"
  /** The paths of sockets would be longer than the system allows. */
  | "path-too-long";

/** Other programs can't be let onto our connections. */
export class ShareError extends SshSessionsError<ShareErrorReason> {
  static is(error: unknown): error is ShareError {
    return error instanceof ShareError;
  }
}
