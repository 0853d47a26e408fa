import { SshSessionsError } from "../base/errors.ts";
import { ChannelError, ConnectError } from "../engine/engineErrors.ts";

/** `auto`: without being asked, when no prompt is needed; `ask`: when the person says so; `never`: not in this tab. */
export type ReconnectMode = "auto" | "ask" | "never";

/**
 * Whether a failed attempt may be repeated without anybody asking for it. Only what the network or a server that is
 * starting can cause: never a refused login (accounts get locked), a key that does not match, or a cancellation.
 */
export function mayRetry(error: unknown): boolean {
  if (ConnectError.is(error)) {
    switch (error.reason) {
      case "name-not-found":
      case "refused":
      case "unreachable":
      case "timed-out":
      case "reset":
      case "closed-during-handshake":
        return true;
      // As good as what stopped the hop or the proxy.
      case "proxy-failed":
      case "jump-failed":
        return !(error.cause instanceof SshSessionsError) || mayRetry(error.cause);
      case "no-common-algorithm":
      case "not-ssh":
      case "protocol":
      case "unsupported":
      case "local":
        return false;
    }
  }
  return ChannelError.is(error) && error.reason !== "request-failed" && error.reason !== "request-too-large";
}
