/** The place of a terminal among those that open together. */
export interface OpeningTurn {
  /** Resolves when the terminal before it has been assigned to a connection, or has failed, or was closed. */
  readonly ready: Promise<void>;
  /** The next one may follow. Idempotent. */
  pass(): void;
}

/**
 * Terminals that open together ask for their connections in the order of their tabs, which the Live view then shows.
 * VS Code starts the visible one before the others. Logins do not wait for each other.
 */
export class OpeningTurns {
  #last: Promise<void> = Promise.resolve();

  next(): OpeningTurn {
    const ready = this.#last;
    let pass = (): void => undefined;
    this.#last = new Promise((resolve) => {
      pass = resolve;
    });
    return { ready, pass };
  }
}
