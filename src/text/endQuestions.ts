/** What is asked before a command ends several sessions. */

export interface EndQuestion {
  readonly message: string;
  readonly detail: string;
  /** The buttons. */
  readonly action: string;
  readonly neverAgain?: string;
}

/** @param sessions how many end; two or more. */
export function disconnectQuestion(sessions: number): EndQuestion {
  return {
    message: `Disconnect ${sessions} sessions?`,
    detail: "They end in order: their shells hang up, and what runs in them ends.",
    action: `Disconnect ${sessions} Sessions`,
    neverAgain: "Disconnect, and Don't Ask Again",
  };
}
