import { AuthError } from "../auth/authErrors.ts";
import { CancelledError, SshSessionsError } from "../base/errors.ts";
import { ConfigError } from "../config/configErrors.ts";
import { ChannelError, ConnectError } from "../engine/engineErrors.ts";
import { engineReasons } from "../engine/engineReasons.ts";
import { HostKeyError } from "../trust/hostKeyErrors.ts";

/** What a failed attempt means for the next one. It depends on the failure alone, not on earlier ones. */
export type FailureClass =
  /** The network failed, or the server is starting, busy or shutting down: a later attempt may succeed. */
  | "transient"
  /**
   * The login was refused or has to prompt, or the host key is not trusted. Accounts get locked: only the user may
   * try again.
   */
  | "needs-person"
  /** It will fail again until the configuration or the server changes. */
  | "final";

/** Temporary failures of this machine: no address yet after a wake, no descriptor or buffer left (errno(3)). */
const passingLocalCodes: ReadonlySet<unknown> = new Set([
  "EADDRNOTAVAIL",
  "EADDRINUSE",
  "EAGAIN",
  "EMFILE",
  "ENFILE",
  "ENOBUFS",
  "ENOMEM",
  "EPERM",
]);

export function failureClass(error: unknown): FailureClass {
  if (ConnectError.is(error)) {
    return connectFailureClass(error);
  }
  if (ChannelError.is(error)) {
    // The session was open before, so that a refusal now means that the server has no room or no process for it.
    return error.reason === "request-too-large" || error.reason === "request-has-nul" ? "final" : "transient";
  }
  if (AuthError.is(error) || HostKeyError.is(error) || CancelledError.is(error)) {
    return "needs-person";
  }
  if (ConfigError.is(error)) {
    // A `Match exec` that waits for the network, or a file in a home folder that is not mounted yet.
    return error.reason === "timed-out" || error.reason === "unreadable" ? "transient" : "final";
  }
  return "final";
}

function connectFailureClass(error: ConnectError): FailureClass {
  switch (error.reason) {
    case "name-not-found":
    case "refused":
    case "unreachable":
    case "timed-out":
    case "reset":
    case "closed-during-handshake":
    case "refused-before-version":
      return "transient";
    case "closed-while-asking":
      return "needs-person";
    // This host had an SSH server before: now a captive portal or a load balancer replies, or packets are damaged.
    case "not-ssh":
    case "protocol":
      return "transient";
    // The cause is the error that stopped the hop or the proxy.
    case "proxy-failed":
    case "jump-failed":
      return error.cause instanceof SshSessionsError ? failureClass(error.cause) : "transient";
    case "local":
      return isPassing(error.cause) ? "transient" : "final";
    case "no-common-algorithm":
    case "protocol-version":
    case "unsupported":
      return "final";
    default:
      return engineReasons[error.reason];
  }
}

function isPassing(cause: unknown): boolean {
  return cause instanceof Error && "code" in cause && passingLocalCodes.has(cause.code);
}
