import type { Logger } from "../../base/log.ts";

/** Violations of a peer that OpenSSH's channels.c ignores. The tests have the table of the rules. */
export type ForgivenMessage =
  | "data for a channel that is not open"
  | "data after EOF or our own close"
  | "data above the maximum packet size"
  | "data beyond the window"
  | "extended data of an unknown type"
  | "a window adjust for an unknown channel"
  | "a reply for an unknown channel"
  | "a reply that was not asked for"
  | "a request for an unknown channel"
  | "a message of an unknown type"
  | "a channel open that was refused"
  | "a global request that was refused";

/** Counts the ignored violations of one connection, and logs each kind once. */
export class ForgivenMessages {
  readonly #logger: Logger;
  readonly #counts = new Map<ForgivenMessage, number>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** The number of violations by kind. */
  get counts(): ReadonlyMap<ForgivenMessage, number> {
    return this.#counts;
  }

  add(kind: ForgivenMessage): void {
    const count = this.#counts.get(kind) ?? 0;
    this.#counts.set(kind, count + 1);
    if (count === 0) {
      this.#logger.info(`The server sent ${kind}. It is ignored; further ones are counted.`);
    }
  }

  /** Logs what occurred more than once; for the end of the connection. */
  logCounts(): void {
    const repeated = [...this.#counts].filter(([, count]) => count > 1);
    if (repeated.length > 0) {
      const list = repeated.map(([kind, count]) => `${kind}: ${count}`).join("; ");
      this.#logger.info(`Ignored messages of the server: ${list}`);
    }
  }
}
