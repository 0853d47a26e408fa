import { SshSessionsError } from "../base/errors.ts";

export type AuthErrorReason =
  /** The server refused everything that we could offer. */
  | "refused"
  /** Too many failures: the server disconnected, or our own limit is reached. */
  | "too-many-failures"
  /** The server accepts the password only together with a new one (RFC 4252 section 8), and it was not changed. */
  | "password-expired"
  /** No method that the server accepts can be tried (no key, passwords off, batch mode). */
  | "nothing-to-try"
  /** The last login needed the user, and prompts are not allowed: see LoginNeeds. */
  | "needs-person";

/** The login failed. It is never retried automatically, because accounts get locked. */
export class AuthError extends SshSessionsError<AuthErrorReason> {
  static override readonly name = "AuthError";

  /** What was tried, in order, as text without secrets. */
  readonly tried: readonly string[];
  /** Keys that should have been tried and could not be used, with cause and remedy, as text. */
  readonly problems: readonly string[];
  /** The methods that the server would accept, by its last reply. */
  readonly methodsLeft: readonly string[];
  /** The server's message about the failure, printable. */
  readonly said: string | undefined;

  constructor(
    reason: AuthErrorReason,
    message: string,
    details: {
      tried: readonly string[];
      methodsLeft: readonly string[];
      problems?: readonly string[];
      said?: string;
      cause?: unknown;
    },
  ) {
    super(reason, message, { cause: details.cause });
    this.tried = details.tried;
    this.problems = details.problems ?? [];
    this.methodsLeft = details.methodsLeft;
    this.said = details.said;
  }

  static is(error: unknown): error is AuthError {
    return error instanceof AuthError;
  }
}

/** No key logs in, and another engine can log in without a question. Not a failure, and never shown. */
export class OtherEngineError extends SshSessionsError<"other-engine"> {
  static override readonly name = "OtherEngineError";

  constructor() {
    super("other-engine", "Another engine can log in by a method that the server accepts");
  }

  static is(error: unknown): error is OtherEngineError {
    return error instanceof OtherEngineError;
  }
}

export type KeyFileErrorReason =
  | "missing"
  | "unreadable"
  | "permissions"
  | "unsupported"
  | "malformed"
  | "wrong-passphrase";

/** A private key file can't be used. Other keys may still work. */
export class KeyFileError extends SshSessionsError<KeyFileErrorReason> {
  static override readonly name = "KeyFileError";

  readonly file: string;

  constructor(reason: KeyFileErrorReason, file: string, message: string, options?: { cause?: unknown }) {
    super(reason, message, options);
    this.file = file;
  }

  static is(error: unknown): error is KeyFileError {
    return error instanceof KeyFileError;
  }
}

export type AgentErrorReason =
  /** No agent listens at that path. */
  | "unreachable"
  | "timed-out"
  /** The agent refused: it is locked, the key is gone, or the user declined its question. */
  | "refused"
  | "malformed-reply";

/** The ssh-agent can't be used. Keys from files may still work. */
export class AgentError extends SshSessionsError<AgentErrorReason> {
  static override readonly name = "AgentError";

  static is(error: unknown): error is AgentError {
    return error instanceof AgentError;
  }
}
