import type { MasterSnapshot } from "./masterSnapshotTypes.ts";

/** A state that a connection entered. `at`: wall-clock milliseconds. */
export interface StateMoment {
  readonly at: number;
  readonly kind: MasterSnapshot["state"]["kind"];
}

/** What came before the current state of a connection. */
export interface ConnectionPast {
  /** When the earlier connections to the same host were made. */
  readonly connected: readonly number[];
  /** The states since the trail began, oldest first; those of the earlier connections too. */
  readonly states: readonly StateMoment[];
  /** The ids of all its connections. */
  readonly ids: ReadonlySet<string>;
}

/** A server may make a connection change its state any number of times. */
const mostKept = 200;

/**
 * Follows the connection to one host from one master to the next: a reconnection makes a new master with a new id, and
 * the old one disappears. Remembers the states in between.
 */
export class ConnectionTrail {
  #master: MasterSnapshot;
  #connected: readonly number[] = [];
  #states: readonly StateMoment[] = [];
  readonly #ids = new Set<string>();

  constructor(master: MasterSnapshot) {
    this.#master = master;
    this.#note(master);
  }

  /** The current one, or the last one: then its state is `lost` or `closed`. */
  get master(): MasterSnapshot {
    return this.#master;
  }

  get past(): ConnectionPast {
    return { connected: this.#connected, states: this.#states, ids: this.#ids };
  }

  /**
   * @param masters all of them, as they are now.
   * @param taken those that another trail follows: a host may have several connections.
   * @param now wall-clock milliseconds.
   */
  update(masters: readonly MasterSnapshot[], taken: ReadonlySet<string>, now: number): void {
    const same = masters.find(({ id }) => id === this.#master.id);
    if (same !== undefined && !hasEnded(same)) {
      this.#note(same);
      return;
    }
    const next = this.#successor(masters, taken);
    if (next !== undefined) {
      this.#connected = [...this.#connected, this.#master.since].slice(-mostKept);
      this.#note(next);
    } else if (same !== undefined) {
      this.#note(same);
    } else if (!hasEnded(this.#master)) {
      this.#note({ ...this.#master, state: endOf(this.#master.state, now), sessions: [] });
    }
  }

  /** A connection to the same destination, rather of the same typed host; never one that was followed before. */
  #successor(masters: readonly MasterSnapshot[], taken: ReadonlySet<string>): MasterSnapshot | undefined {
    const place = placeOf(this.#master);
    const others = masters.filter(
      (each) => !hasEnded(each) && !this.#ids.has(each.id) && !taken.has(each.id) && placeOf(each) === place,
    );
    return others.find(({ spec }) => spec === this.#master.spec) ?? others[0];
  }

  #note(master: MasterSnapshot): void {
    const { state, id } = master;
    const before = this.#ids.has(id) ? this.#master.state.kind : undefined;
    this.#master = master;
    this.#ids.add(id);
    // The page shows since when a connection exists: only its return from another state is news.
    const isPlain = state.kind === "connecting" || state.kind === "ready";
    const wasPlain = before === undefined || before === "connecting" || before === "ready";
    if (isPlain ? !wasPlain : before !== state.kind) {
      this.#states = [...this.#states, { at: state.since, kind: state.kind }].slice(-mostKept);
    }
  }
}

function hasEnded({ state }: MasterSnapshot): boolean {
  return state.kind === "lost" || state.kind === "closed";
}

/** A connection that is no longer known has no reason: the last state says whether it was lost. */
function endOf(state: MasterSnapshot["state"], since: number): MasterSnapshot["state"] {
  return state.kind === "reconnecting"
    ? { kind: "lost", since, reason: "connection-lost" }
    : { kind: "closed", since, reason: "disconnected" };
}

function placeOf({ destination, via }: MasterSnapshot): string {
  return JSON.stringify([destination.user, destination.hostName, destination.port, via]);
}
