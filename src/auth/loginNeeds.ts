import { type LoginName, passwordSecret } from "./secrets.ts";

/** What one login needed from the user. */
export interface PersonNeeds {
  /** A question that the next login would ask again: a code, or a password that was not stored. */
  readonly prompted: boolean;
  /** A security key had to be touched. */
  readonly touched: boolean;
  /** The server took longer than `longWait` to check our last answer, as when it sends a confirmation to a phone. */
  readonly waited: boolean;
}

/** Milliseconds. A server that takes longer to check an answer probably waits for the user. */
export const longWait = 3_000;

export const needsNobody: PersonNeeds = { prompted: false, touched: false, waited: false };

interface Entry {
  readonly needs: PersonNeeds;
  /** An unattended login has sent an authentication request since the last successful login. */
  readonly tried: boolean;
}

/**
 * Remembers for each destination what its last login needed from the user, so that automatic reconnects don't send
 * confirmations to a phone again and again. A host that needs the user gets one unattended try. A try is used up by
 * its first authentication request, not by a connection that could not be made. One instance per window.
 */
export class LoginNeeds {
  readonly #entries = new Map<string, Entry>();

  /** What the last login needed; undefined before the first login. */
  of(login: LoginName): PersonNeeds | undefined {
    return this.#entries.get(keyOf(login))?.needs;
  }

  /** Whether the last known login needed the user. */
  needsPerson(login: LoginName): boolean {
    const { prompted, touched, waited } = this.of(login) ?? needsNobody;
    return prompted || touched || waited;
  }

  /** Whether an unattended login may be tried. */
  mayTryUnattended(login: LoginName): boolean {
    return !this.needsPerson(login) || this.#entries.get(keyOf(login))?.tried !== true;
  }

  /** Called when a login sends its first authentication request. */
  attempted(login: LoginName, attended: boolean): void {
    if (!attended) {
      this.#entries.set(keyOf(login), { needs: this.of(login) ?? needsNobody, tried: true });
    }
  }

  /** Called when a login succeeded: the next outage gets its own try. */
  succeeded(login: LoginName, needs: PersonNeeds): void {
    this.#entries.set(keyOf(login), { needs, tried: false });
  }

  /** Called when a login ended without a reply, more than `longWait` after our last message. */
  gaveUpWaiting(login: LoginName, attended: boolean): void {
    const needs = { ...(this.of(login) ?? needsNobody), waited: true };
    this.#entries.set(keyOf(login), { needs, tried: !attended });
  }
}

function keyOf(login: LoginName): string {
  return passwordSecret({ ...login, hostName: login.hostName.toLowerCase() });
}
