/**
 * Base of all errors that this extension raises on purpose. There is one subclass per area, each with a string union
 * `reason` that callers switch on; no code reads the message. `message` is for the log (English, no secrets, remote
 * text escaped); the text for the user is made in `src/text/`.
 */
export abstract class SshSessionsError<Reason extends string = string> extends Error {
  readonly reason: Reason;

  constructor(reason: Reason, message: string, options?: { cause?: unknown }) {
    super(message, options);
    // Each subclass has it as a static, because the packaged code renames classes.
    this.name = new.target.name;
    this.reason = reason;
  }
}

/** Raised when the caller gave up. It is not a failure and is never shown. */
export class CancelledError extends SshSessionsError<"cancelled"> {
  static override readonly name = "CancelledError";

  constructor(message = "Cancelled") {
    super("cancelled", message);
  }

  static is(error: unknown): error is CancelledError {
    return error instanceof CancelledError;
  }
}

/** The error itself, or an `Error` made from the thrown value. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
