import { SshSessionsError } from "../base/errors.ts";

export type ConfigErrorReason =
  /** The host is empty, begins with `-`, or has control characters. */
  | "invalid-host"
  | "unreadable"
  /** `ssh -G` or our parser refuses the file. */
  | "malformed"
  | "timed-out"
  /** The file asks for something that is not allowed, such as ProxyCommand in an untrusted workspace. */
  | "not-allowed"
  /** RefuseConnection; `message` is the file's own text, untrusted. */
  | "refused"
  /** SessionType none: a terminal or command has no session to run in. */
  | "no-session"
  /** A chain of jump hosts that leads back to itself. */
  | "jump-loop";

/** No connection can be made from ssh_config or the settings. */
export class ConfigError extends SshSessionsError<ConfigErrorReason> {
  static override readonly name = "ConfigError";

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
