import type { ChannelDetails } from "../engine/connectionEngine.ts";
import type { SessionSnapshot } from "./sessionTypes.ts";
import type { SshSession } from "./sshSession.ts";

/** The number of ended sessions that are kept. */
const historyKept = 50;

/** How the last sessions ended, with the details of their channels. */
export class SessionHistory {
  #entries: readonly SessionSnapshot[] = Object.freeze([]);
  /** By session, for the sessions in the history. */
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

  /** Adds an ended session. One that turns out to be lost after its end replaces its earlier entry. */
  remember(session: SshSession): void {
    const snapshot = session.snapshot();
    // A failed reconnect attempt is shown with the reconnection, and a cancelled session is not shown at all.
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
