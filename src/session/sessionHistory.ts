import type { ChannelDetails } from "../engine/connectionEngine.ts";
import type { SessionSnapshot } from "./sessionTypes.ts";
import type { SshSession } from "./sshSession.ts";

/** How many ended sessions are remembered. */
const historyKept = 50;

/** How the last sessions ended, and what their channels were made of. */
export class SessionHistory {
  #entries: readonly SessionSnapshot[] = Object.freeze([]);
  /** By session, for those in the history. */
  readonly #channels = new Map<string, ChannelDetails>();

  /** Newest first. Frozen. */
  get entries(): readonly SessionSnapshot[] {
    return this.#entries;
  }

  channelDetails(sessionId: string): ChannelDetails | undefined {
    return this.#channels.get(sessionId);
  }

  clear(): void {
    this.#entries = Object.freeze([]);
    this.#channels.clear();
  }

  /** Adds a session that has ended. One that turns out to be lost after its end replaces its earlier entry. */
  remember(session: SshSession): void {
    const snapshot = session.snapshot();
    // A failed attempt to reconnect is shown with the reconnection, and one that was cancelled is no news.
    if (snapshot.outcome?.kind === "failed" && (session.isReconnection || session.gaveUp)) {
      return;
    }
    const details = session.details();
    if (details !== undefined) {
      this.#channels.set(snapshot.id, details);
    }
    const others = this.#entries.filter(({ id }) => id !== snapshot.id);
    this.#entries = Object.freeze([snapshot, ...others].slice(0, historyKept));
    const kept = new Set(this.#entries.map(({ id }) => id));
    for (const id of this.#channels.keys()) {
      if (!kept.has(id)) {
        this.#channels.delete(id);
      }
    }
  }
}
