import { CancelledError } from "../base/errors.ts";
import { ConnectError } from "../engine/engineErrors.ts";
import { HostKeyError } from "../trust/hostKeyErrors.ts";

/**
 * Whether a session did not open because the user did not want it: by Esc or a closed tab, or by a question without an
 * answer or denied; of the host or of one of its jump hosts.
 */
export function isUsersChoice(error: unknown): boolean {
  return ConnectError.is(error) && error.reason === "jump-failed"
    ? isUsersChoice(error.cause)
    : CancelledError.is(error) || (HostKeyError.is(error) && error.reason === "declined");
}
