import type { ChannelDetails } from "../engine/connectionEngine.ts";
import type { EndedSession, EndedStorage } from "./endedSessionTypes.ts";
import type { SessionSnapshot } from "./sessionTypes.ts";
import type { SshSession } from "./sshSession.ts";

/** The number of ended sessions that are kept. */
const historyKept = 50;

/** How the last sessions ended, with the details of their channels; those from before a reload come from the storage. */
export class SessionHistory {
  readonly #storage: EndedStorage | undefined;
  #ended: readonly EndedSession[];
  #entries: readonly SessionSnapshot[];
  #isOver = false;

  constructor(storage: EndedStorage | undefined) {
    this.#storage = storage;
    this.#ended = storage?.load().slice(0, historyKept) ?? [];
    this.#entries = snapshots(this.#ended);
  }

  /** Newest first. Frozen. */
  get entries(): readonly SessionSnapshot[] {
    return this.#entries;
  }

  channelDetails(sessionId: string): ChannelDetails | undefined {
    return this.#ended.find(({ snapshot }) => snapshot.id === sessionId)?.channel;
  }

  clear(): void {
    this.#keep([]);
  }

  /** Adds an ended session. One that turns out to be lost after its end replaces its earlier entry. */
  remember(session: SshSession): void {
    const snapshot = session.snapshot();
    // A failed reconnect attempt is shown with the reconnection. One that the user gave up is not shown at all.
    if (this.#isOver || (snapshot.outcome?.kind === "failed" && (session.isReconnection || session.gaveUp))) {
      return;
    }
    const others = this.#ended.filter((each) => each.snapshot.id !== snapshot.id);
    const { isTitledByCommand } = session;
    const ended = { snapshot, channel: session.details(), isTitledByCommand };
    this.#keep([ended, ...others].slice(0, historyKept));
  }

  /** What ends with the window is not remembered: its terminals are offered again. */
  close(): void {
    this.#isOver = true;
  }

  #keep(ended: readonly EndedSession[]): void {
    this.#ended = ended;
    this.#entries = snapshots(ended);
    this.#storage?.store(ended);
  }
}

function snapshots(ended: readonly EndedSession[]): readonly SessionSnapshot[] {
  return Object.freeze(ended.map(({ snapshot }) => snapshot));
}
