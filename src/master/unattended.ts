import { AuthError } from "../auth/authErrors.ts";
import { ConnectError } from "../engine/engineErrors.ts";
import { HostKeyError } from "../trust/hostKeyErrors.ts";

/** Whether a login that might ask nobody failed where a person could have helped: its own, or that of a hop. */
export function couldBeAsked(error: unknown): boolean {
  return ConnectError.is(error) && error.reason === "jump-failed"
    ? couldBeAsked(error.cause)
    : AuthError.is(error) || HostKeyError.is(error);
}
