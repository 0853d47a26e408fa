import { SshSessionsError } from "../../base/errors.ts";

export type ExtensionAccessErrorReason =
  /** The user refused or closed the question, now or a few minutes ago. */
  | "refused"
  /** Too many questions are open. */
  | "busy";

/** Another extension may not use a host. */
export class ExtensionAccessError extends SshSessionsError<ExtensionAccessErrorReason> {
  static override readonly name = "ExtensionAccessError";

  static is(error: unknown): error is ExtensionAccessError {
    return error instanceof ExtensionAccessError;
  }
}
