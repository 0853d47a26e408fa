import { SshSessionsError } from "../base/errors.ts";

export type GatewayErrorReason =
  /** The client of the gateway does not keep the protocol, or it offers none of our algorithms. */
  | "violation"
  /** The path of the user's home folder has characters that ssh_config can't hold. */
  | "unusable-path";

/** Plain `ssh` can't use our connections. */
export class GatewayError extends SshSessionsError<GatewayErrorReason> {
  static override readonly name = "GatewayError";

  static is(error: unknown): error is GatewayError {
    return error instanceof GatewayError;
  }
}
