import { AuthError } from "../auth/authErrors.ts";
import { ConnectError } from "../engine/engineErrors.ts";
import { HostKeyError } from "../trust/hostKeyErrors.ts";

/** Whether an unattended login, its own or a hop's, failed where the user could have helped. */
export function couldBeAsked(error: unknown): boolean {
  return ConnectError.is(error) && error.reason === "jump-failed"
    ? couldBeAsked(error.cause)
    : AuthError.is(error) || HostKeyError.is(error);
}
