import type { Clock } from "../base/clock.ts";
import { type Disposable, toDisposable } from "../base/disposable.ts";
import { LeaseCounter } from "../base/lease.ts";
import {
  type ConnectionPolicy,
  type ConnectionUse,
  type UsePolicy,
  withGuests,
} from "../config/connectionPolicy.ts";
import type { ConfigWarning, HostConfig } from "../config/hostConfig.ts";
import type { EngineConnection } from "../engine/connectionEngine.ts";
import type { MasterPolicies } from "./masterPorts.ts";
import { MasterUses } from "./masterUses.ts";

export interface MasterHoldersEvents {
  /** The first lease was taken or the last one released, or the end of the linger moved. */
  onLeases(): void;
  onLingerOver(): void;
  /** The policy was read again: other uses, settings or values of ssh_config. */
  onPolicy(): void;
}

/** The uses of a connection, and the resulting policy: the strictest keepalive and the longest linger of all uses. */
export class MasterHolders implements Disposable {
  /** With the current values of ssh_config. */
  readonly #uses: MasterUses;
  readonly #policies: MasterPolicies;
  readonly #events: MasterHoldersEvents;
  readonly #leases: LeaseCounter;
  /** Of other windows that use the connection. */
  readonly #guests = new Set<UsePolicy>();
  #policy: ConnectionPolicy;
  #overflow: boolean;
  #disposed = false;
  /** What was last reported to the window that holds the connection. */
  #said = "";

  /** @param overflow the connection ends with its last lease, whatever its policy. */
  constructor(
    first: ConnectionUse,
    overflow: boolean,
    policies: MasterPolicies,
    clock: Clock,
    events: MasterHoldersEvents,
  ) {
    this.#uses = new MasterUses(first);
    this.#overflow = overflow;
    this.#policies = policies;
    this.#events = events;
    this.#policy = policies(this.#uses.current);
    this.#leases = new LeaseCounter(
      clock,
      this.#lingerMilliseconds(),
      () => events.onLeases(),
      () => events.onLingerOver(),
    );
  }

  get policy(): ConnectionPolicy {
    return this.#policy;
  }

  get overflow(): boolean {
    return this.#overflow;
  }

  get count(): number {
    return this.#leases.count;
  }

  get lingerUntil(): number | undefined {
    return this.#leases.lingerUntil;
  }

  /** The typed hosts of its uses, without duplicates. */
  get specs(): readonly string[] {
    return this.#uses.specs;
  }

  get warnings(): readonly ConfigWarning[] {
    return this.#uses.warnings;
  }

  lease(use: ConnectionUse): Disposable {
    if (this.#uses.add(use)) {
      this.#readPolicy();
    }
    const lease = this.#leases.acquire();
    return toDisposable(() => {
      const changed = this.#uses.remove(use);
      lease.dispose();
      if (changed) {
        this.#readPolicy();
      }
    });
  }

  /** Another window wants the connection kept by this policy, until it is disposed. */
  add(guest: UsePolicy): Disposable {
    this.#guests.add(guest);
    this.#readPolicy();
    return toDisposable(() => {
      this.#guests.delete(guest);
      this.#readPolicy();
    });
  }

  /** A lease without a use of its own. */
  hold(): Disposable {
    return this.#leases.acquire();
  }

  /** If another window holds the connection, reports to it how this one wants the connection kept. */
  noteUse(connection: EngineConnection | undefined): void {
    const { uses, keepalive, linger } = this.#policy;
    const [first] = uses;
    const inUse = this.count > 0;
    const said = JSON.stringify([inUse, this.#policy]);
    if (connection?.noteUse !== undefined && first !== undefined && said !== this.#said) {
      this.#said = said;
      connection.noteUse(inUse, { spec: first.spec, folder: first.folder, keepalive, linger });
    }
  }

  /** From now on it lingers by its policy. */
  promote(): void {
    this.#overflow = false;
    this.#leases.setLinger(this.#lingerMilliseconds());
  }

  /** @param configs the new configurations, by the typed host. */
  reread(configs: ReadonlyMap<string, HostConfig>): void {
    this.#uses.reread(configs);
    this.#readPolicy();
  }

  dispose(): void {
    this.#disposed = true;
    this.#leases.dispose();
  }

  #readPolicy(): void {
    if (this.#disposed) {
      return;
    }
    this.#policy = withGuests(this.#policies(this.#uses.current), [...this.#guests]);
    this.#leases.setLinger(this.#lingerMilliseconds());
    this.#events.onPolicy();
  }

  #lingerMilliseconds(): number {
    return this.#overflow ? 0 : this.#policy.linger.seconds * 1000;
  }
}
