import { asError } from "../../base/errors.ts";
import { ConnectError, type ConnectErrorReason } from "../engineErrors.ts";

const reasons: Readonly<Record<string, ConnectErrorReason>> = {
  ENOTFOUND: "name-not-found",
  EAI_AGAIN: "name-not-found",
  EAI_NODATA: "name-not-found",
  EAI_NONAME: "name-not-found",
  EAI_FAIL: "name-not-found",
  ECONNREFUSED: "refused",
  EHOSTUNREACH: "unreachable",
  EHOSTDOWN: "unreachable",
  ENETUNREACH: "unreachable",
  ENETDOWN: "unreachable",
  ENONET: "unreachable",
  ETIMEDOUT: "timed-out",
  ECONNRESET: "reset",
  ECONNABORTED: "reset",
  EPIPE: "reset",
};

/** The system's code, such as `ECONNREFUSED`. */
function systemCode(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | undefined)?.code;
  return typeof code === "string" ? code : undefined;
}

/**
 * Maps a network failure to an error. Codes for problems of this machine (no such local address, …) become `local`.
 */
export function networkError(thrown: unknown): ConnectError {
  if (ConnectError.is(thrown)) {
    return thrown;
  }
  const error = asError(thrown);
  return new ConnectError(reasons[systemCode(error) ?? ""] ?? "local", error.message, { cause: error });
}

/** Of the failures of several addresses, the most informative about the host. */
export function mostTelling(errors: readonly ConnectError[]): ConnectError {
  const order: readonly ConnectErrorReason[] = [
    "refused",
    "reset",
    "timed-out",
    "unreachable",
    "name-not-found",
  ];
  const rank = (error: ConnectError): number => {
    const place = order.indexOf(error.reason);
    return place === -1 ? order.length : place;
  };
  const [first, ...rest] = errors;
  if (first === undefined) {
    return new ConnectError("name-not-found", "The name has no address");
  }
  return rest.reduce((best, error) => (rank(error) < rank(best) ? error : best), first);
}
