import { SshSessionsError } from "../base/errors.ts";

export type HostKeyErrorReason =
  | "changed"
  | "revoked"
  /** Not known, and the configuration does not allow to ask or to record it. */
  | "unknown"
  | "declined"
  /** `file`, or its `line` that names the host, can't be read: whether the key is known can't be told. */
  | "unreadable"
  /** An RSA key below RequiredRSASize. */
  | "short"
  /** What the server shows is not a complete key of a known type. */
  | "malformed"
  /** `file` of RevokedHostKeys is missing or damaged: whether the key is revoked can't be told. */
  | "revocation-unknown"
  /** KnownHostsCommand failed: whether the key is known can't be told. */
  | "command-failed"
  /** known_hosts has no way to write the host's name. */
  | "unrecordable";

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
