import { SshSessionsError } from "../base/errors.ts";
import type { CertificateProblem } from "./hostCertificateCheck.ts";

export type HostKeyErrorReason =
  | "changed"
  | "revoked"
  /** Not known, and the configuration forbids asking or recording it. */
  | "unknown"
  | "declined"
  /** `file`, or its `line` that names the host, can't be read, so it is unknown whether the key is known. */
  | "unreadable"
  /** An RSA key below RequiredRSASize. */
  | "short"
  /** The server's key is not a complete key of a known type. */
  | "malformed"
  /** `file` of RevokedHostKeys is missing or damaged, so it is unknown whether the key is revoked. */
  | "revocation-unknown"
  /** KnownHostsCommand failed, so it is unknown whether the key is known. */
  | "command-failed"
  /** The host's name can't be written to known_hosts. */
  | "unrecordable";

/** The server's key must not be trusted. Nothing secret was sent. */
export class HostKeyError extends SshSessionsError<HostKeyErrorReason> {
  static override readonly name = "HostKeyError";

  /** The host as known_hosts names it. */
  readonly host: string;
  readonly keyType: string;
  readonly fingerprint: string;
  /** The entry that contradicts (changed, revoked), or the unusable file. `line` counts from 1. */
  readonly file: string | undefined;
  readonly line: number | undefined;
  /** Why the certificate that the server also sent did not count. */
  readonly certificateProblem: CertificateProblem | undefined;

  constructor(
    reason: HostKeyErrorReason,
    message: string,
    details: {
      host: string;
      keyType: string;
      fingerprint: string;
      file?: string;
      line?: number;
      certificateProblem?: CertificateProblem;
      cause?: unknown;
    },
  ) {
    super(reason, message, { cause: details.cause });
    this.host = details.host;
    this.keyType = details.keyType;
    this.fingerprint = details.fingerprint;
    this.file = details.file;
    this.line = details.line;
    this.certificateProblem = details.certificateProblem;
  }

  static is(error: unknown): error is HostKeyError {
    return error instanceof HostKeyError;
  }
}

/** For the log. @param key a description of the key. @param place `file:line`, as far as it is known. */
export function hostKeyErrorWords(
  reason: HostKeyErrorReason,
  key: string,
  place: string,
  requiredRsaSize: number,
): string {
  switch (reason) {
    case "changed":
      return `The ${key} is not the known one (${place})`;
    case "revoked":
      return `The ${key} is revoked (${place})`;
    case "unknown":
      return `The ${key} is not known, and ssh_config does not allow to accept it`;
    case "declined":
      return `The ${key} was not accepted`;
    case "unreadable":
      return `The ${key} can't be checked: ${place} can't be read`;
    case "short":
      return `The ${key} is shorter than ${requiredRsaSize} bits (RequiredRSASize)`;
    case "malformed":
      return `The ${key} is not a complete key of a known type, or not signed by the authority of its certificate`;
    case "revocation-unknown":
      return `The ${key} can't be checked: ${place} (RevokedHostKeys) can't be relied on`;
    case "command-failed":
      return `The ${key} can't be checked: KnownHostsCommand failed`;
    case "unrecordable":
      return `The ${key} can't be recorded: known_hosts can't hold the host's name`;
  }
}
