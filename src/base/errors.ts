/**
 * Base of all errors that this extension raises on purpose. One subclass per area, each with a string union
 * `reason` that callers switch on; nobody matches on message text. `message` is for the log (English, no
 * secrets, remote text escaped); what a person reads is made in `src/vscode/`.
 */
export abstract class SshSessionsError<Reason extends string = string> extends Error {
  readonly reason: Reason;

  constructor(reason: Reason, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = new.target.name;
    this.reason = reason;
  }
}

/** Raised when whoever asked gave up. Not a failure: it is never shown. */
export class CancelledError extends SshSessionsError<"cancelled"> {
  constructor(message = "Cancelled") {
    super("cancelled", message);
  }

  static is(error: unknown): error is CancelledError {
    return error instanceof CancelledError;
  }
}

/** The error itself, or an `Error` made from whatever was thrown. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
