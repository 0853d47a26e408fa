import { SshSessionsError } from "../base/errors.ts";

export type ShareErrorReason =
  /** This system has no sockets with permissions. */
  | "unsupported"
  /** The folder of the sockets belongs to another user, is a link, or is accessible to others. */
  | "unsafe-folder"
  /** The paths of sockets would be longer than the system allows. */
  | "path-too-long"
  /** The file by which windows prove that they are of the same user is damaged or can't be read. */
  | "no-secret"
  /** Another program's master does not do what it is asked. */
  | "refused";

/** Sharing connections with other programs is not possible. */
export class ShareError extends SshSessionsError<ShareErrorReason> {
  static override readonly name = "ShareError";

  static is(error: unknown): error is ShareError {
    return error instanceof ShareError;
  }
}
