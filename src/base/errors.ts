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

/** `dismissed`: the user closed a question without an answer. */
export type CancelledReason = "cancelled" | "dismissed";

/** Raised when the caller or the user gave up. It is not a failure, and no message shows it. */
export class CancelledError extends SshSessionsError<CancelledReason> {
  static override readonly name = "CancelledError";

  constructor(message = "Cancelled", reason: CancelledReason = "cancelled") {
    super(reason, message);
  }

  /** The user closed a question without an answer. */
  static dismissed(message = "A question was dismissed"): CancelledError {
    return new CancelledError(message, "dismissed");
  }

  static is(error: unknown): error is CancelledError {
    return error instanceof CancelledError;
  }
}

/** The error itself, or an `Error` made from the thrown value. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
