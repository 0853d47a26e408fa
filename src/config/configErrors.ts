import { SshSessionsError } from "../base/errors.ts";

export type ConfigErrorReason =
  /** Empty, begins with `-`, control characters. */
  | "invalid-host"
  | "unreadable"
  /** `ssh -G` or our parser refuses the file. */
  | "malformed"
  | "timed-out"
  /** Asked for by the file and not possible (e.g. ProxyCommand in an untrusted workspace). */
  | "not-allowed"
  /** RefuseConnection; `message` is what the file says, untrusted. */
  | "refused"
  /** SessionType none: a terminal or command has no session to run in. */
  | "no-session"
  /** Jump hosts that lead to themselves. */
  | "jump-loop";

/** ssh_config or the settings don't lead to a connection. */
export class ConfigError extends SshSessionsError<ConfigErrorReason> {
  readonly file: string | undefined;
  readonly line: number | undefined;

  constructor(
    reason: ConfigErrorReason,
    message: string,
    options?: { cause?: unknown; file?: string; line?: number },
  ) {
    super(reason, message, options);
    this.file = options?.file;
    this.line = options?.line;
  }

  static is(error: unknown): error is ConfigError {
    return error instanceof ConfigError;
  }
}
