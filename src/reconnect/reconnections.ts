import type { Clock } from "../base/clock.ts";
import type { Disposable } from "../base/disposable.ts";
import type {
  MasterSnapshot,
  ReconnectingTerminal,
  ReconnectTicket,
  Session,
} from "../session/sessionTypes.ts";
import { ReconnectGroup } from "./reconnectGroup.ts";

export interface ReconnectionsInit {
  readonly clock: Clock;
  /** 0 <= x < 1 */
  random(): number;
  /** Ids of a destination's masters on which a session could be opened now, without a login. */
  usableMasters(destinationKey: string): readonly string[];
  /** Something in the snapshots changed. */
  onChange(): void;
}

/** The terminals that lost their sessions, by destination. */
export class Reconnections implements Disposable {
  readonly #init: ReconnectionsInit;
  /** Kept when nobody waits any more: a server that lets in and drops at once is not hammered. */
  readonly #groups = new Map<string, ReconnectGroup>();
  #disposed = false;

  constructor(init: ReconnectionsInit) {
    this.#init = init;
  }

  /** By destination: what waits, as a `reconnecting` master. */
  snapshots(): ReadonlyMap<string, MasterSnapshot> {
    const found = new Map<string, MasterSnapshot>();
    for (const [key, group] of this.#groups) {
      const snapshot = group.snapshot();
      if (snapshot !== undefined) {
        found.set(key, snapshot);
      }
    }
    return found;
  }

  join(lost: Session, terminal: ReconnectingTerminal): ReconnectTicket {
    if (this.#disposed) {
      return { now: () => {}, failed: () => {}, dispose: () => {} };
    }
    // One without a connection shares nothing with others.
    return this.#at(lost.connection()?.destinationKey ?? lost.id).join(lost, terminal);
  }

  /** The group that `masterId` stands for in the snapshots. */
  find(masterId: string): ReconnectGroup | undefined {
    return [...this.#groups.values()].find((group) => group.snapshot()?.id === masterId);
  }

  /** A person wants what waits for that destination, and what is about to, to reconnect now. */
  now(destinationKey: string): void {
    this.#at(destinationKey).now();
  }

  /** Masters came, went or changed. */
  look(): void {
    this.#each((group) => group.look());
  }

  environmentChanged(): void {
    this.#each((group) => group.environmentChanged());
  }

  stopAll(): void {
    this.#each((group) => group.stop());
  }

  dispose(): void {
    this.#disposed = true;
    this.#each((group) => group.dispose());
    this.#groups.clear();
  }

  #at(destinationKey: string): ReconnectGroup {
    const known = this.#groups.get(destinationKey);
    if (known !== undefined) {
      return known;
    }
    const { clock, random, onChange } = this.#init;
    const group = new ReconnectGroup({
      clock,
      random: () => random(),
      onChange: () => onChange(),
      usableMasters: () => this.#init.usableMasters(destinationKey),
    });
    this.#groups.set(destinationKey, group);
    return group;
  }

  #each(action: (group: ReconnectGroup) => void): void {
    for (const group of [...this.#groups.values()].filter(({ isEmpty }) => !isEmpty)) {
      action(group);
    }
  }
}
