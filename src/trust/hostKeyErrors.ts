import { SshSessionsError } from "../base/errors.ts";

export type HostKeyErrorReason = "changed" | "revoked" | "unknown" | "declined" | "unreadable";

/** The server's key must not be trusted. Nothing secret was sent. */
export class HostKeyError extends SshSessionsError<HostKeyErrorReason> {
  /** Host as known_hosts names it. */
  readonly host: string;
  readonly keyType: string;
  readonly fingerprint: string;
  /** The entry that contradicts (changed, revoked), or the file that can't be used. `line` counts from 1. */
  readonly file: string | undefined;
  readonly line: number | undefined;

  constructor(
    reason: HostKeyErrorReason,
    message: string,
    details: {
      host: string;
      keyType: string;
      fingerprint: string;
      file?: string;
      line?: number;
      cause?: unknown;
    },
  ) {
    super(reason, message, { cause: details.cause });
    this.host = details.host;
    this.keyType = details.keyType;
    this.fingerprint = details.fingerprint;
    this.file = details.file;
    this.line = details.line;
  }

  static is(error: unknown): error is HostKeyError {
    return error instanceof HostKeyError;
  }
}
