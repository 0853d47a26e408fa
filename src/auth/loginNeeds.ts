import { type LoginName, passwordSecret } from "./secrets.ts";

/** What one login needed of a person. */
export interface PersonNeeds {
  /** It asked a question that the next login would ask again: a code, or a password that was not kept. */
  readonly prompted: boolean;
  /** A security key had to be touched. */
  readonly touched: boolean;
  /** The server took more than `longWait` to judge our last answer, as when it asks a telephone. */
  readonly waited: boolean;
}

/** Milliseconds. A server that takes longer to judge an answer probably waits for a person. */
export const longWait = 3_000;

export const needsNobody: PersonNeeds = { prompted: false, touched: false, waited: false };

interface Entry {
  readonly needs: PersonNeeds;
  /** An unattended login has sent an authentication request since the last login that worked. */
  readonly tried: boolean;
}

/**
 * Remembers for each destination what its last login needed of a person, so that connections which come back by
 * themselves don't push a telephone again and again. A host that needs a person gets one unattended try. A try is spent
 * by its first authentication request, not by a connection that could not be made. One for each window.
 */
export class LoginNeeds {
  readonly #entries = new Map<string, Entry>();

  /** What the last login needed; undefined before the first one. */
  of(login: LoginName): PersonNeeds | undefined {
    return this.#entries.get(keyOf(login))?.needs;
  }

  /** Whether the last login that is known of needed a person. */
  needsPerson(login: LoginName): boolean {
    const { prompted, touched, waited } = this.of(login) ?? needsNobody;
    return prompted || touched || waited;
  }

  /** Whether a login may be tried while nobody is there who could help. */
  mayTryUnattended(login: LoginName): boolean {
    return !this.needsPerson(login) || this.#entries.get(keyOf(login))?.tried !== true;
  }

  /** A login sends its first authentication request. */
  attempted(login: LoginName, attended: boolean): void {
    if (!attended) {
      this.#entries.set(keyOf(login), { needs: this.of(login) ?? needsNobody, tried: true });
    }
  }

  /** A login worked: the next outage gets its own try. */
  succeeded(login: LoginName, needs: PersonNeeds): void {
    this.#entries.set(keyOf(login), { needs, tried: false });
  }

  /** A login ended without an answer, more than `longWait` after ours. */
  gaveUpWaiting(login: LoginName, attended: boolean): void {
    const needs = { ...(this.of(login) ?? needsNobody), waited: true };
    this.#entries.set(keyOf(login), { needs, tried: !attended });
  }
}

function keyOf(login: LoginName): string {
  return passwordSecret({ ...login, hostName: login.hostName.toLowerCase() });
}
