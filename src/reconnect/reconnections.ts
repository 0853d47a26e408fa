import type { Clock } from "../base/clock.ts";
import type { Disposable } from "../base/disposable.ts";
import { ReconnectGroup, type Reconnection } from "./reconnectGroup.ts";
import type { LostConnection, ReconnectHolder, ReconnectTicket } from "./reconnectTypes.ts";

export interface ReconnectionsInit {
  readonly clock: Clock;
  /** 0 <= x < 1 */
  random(): number;
  /** Ids of a destination's masters on which a channel could be opened now without a login. */
  usableMasters(destinationKey: string): readonly string[];
  /** Something in `waiting()` changed. */
  onChange(): void;
}

/** All holders that lost their connection and want another one, by destination. */
export class Reconnections implements Disposable {
  readonly #init: ReconnectionsInit;
  /**
   * Kept when no holder waits any more, so that the delays keep growing for a server that accepts and drops
   * connections.
   */
  readonly #groups = new Map<string, ReconnectGroup>();
  #disposed = false;

  constructor(init: ReconnectionsInit) {
    this.#init = init;
  }

  /** The waiting holders, by destination. */
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

  /** The group that waits for a successor of this master. */
  find(masterId: string): ReconnectGroup | undefined {
    return [...this.#groups.values()].find((group) => group.reconnection()?.master.id === masterId);
  }

  /** The user wants the holders of that destination, and those that join shortly after, to reconnect now. */
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
