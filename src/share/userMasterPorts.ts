/** The user's decision whether connections of their own `ssh` are used. It stays on this machine. */
export interface RidingConsent {
  /** Nothing of it is looked for: the user does not want it, or it can't work on this system. */
  readonly isOff: boolean;
  /**
   * The last decision in any window. Undefined: the user has not decided for this host. Rejects if it is not known.
   * @param host as typed
   */
  choiceFor(host: string): Promise<boolean | undefined>;
  /** Asks, and remembers the answer. Undefined: dismissed. */
  ask(host: string, pid: number, signal: AbortSignal): Promise<boolean | undefined>;
  remember(host: string, use: boolean): Promise<void>;
}
