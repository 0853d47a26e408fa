import type { Clock } from "../base/clock.ts";
import type { Disposable } from "../base/disposable.ts";
import { ReconnectGroup, type Reconnection } from "./reconnectGroup.ts";
import type { LostConnection, ReconnectHolder, ReconnectTicket } from "./reconnectTypes.ts";

export interface ReconnectionsInit {
  readonly clock: Clock;
  /** 0 <= x < 1 */
  random(): number;
  /** Ids of a destination's masters on which a channel could be opened now, without a login. */
  usableMasters(destinationKey: string): readonly string[];
  /** Something in `waiting()` changed. */
  onChange(): void;
}

/** Everything that lost its connection and wants to come back, by destination. */
export class Reconnections implements Disposable {
  readonly #init: ReconnectionsInit;
  /** Kept when nothing waits any more: a server that lets in and drops at once is not hammered. */
  readonly #groups = new Map<string, ReconnectGroup>();
  #disposed = false;

  constructor(init: ReconnectionsInit) {
    this.#init = init;
  }

  /** What waits, by destination. */
  waiting(): ReadonlyMap<string, Reconnection> {
    const found = new Map<string, Reconnection>();
    for (const [key, group] of this.#groups) {
      const reconnection = group.reconnection();
      if (reconnection !== undefined) {
        found.set(key, reconnection);
      }
    }
    return found;
  }

  join(lost: LostConnection, holder: ReconnectHolder): ReconnectTicket {
    if (this.#disposed) {
      return { now: () => {}, failed: () => {}, dispose: () => {} };
    }
    return this.#at(lost.destinationKey).join(lost, holder);
  }

  /** The group that waits for the successor of this master. */
  find(masterId: string): ReconnectGroup | undefined {
    return [...this.#groups.values()].find((group) => group.reconnection()?.master.id === masterId);
  }

  /** A person wants what waits for that destination, and what joins in a moment, to reconnect now. */
  now(destinationKey: string): void {
    this.#at(destinationKey).now();
  }

  mastersChanged(): void {
    this.#each((group) => group.mastersChanged());
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
