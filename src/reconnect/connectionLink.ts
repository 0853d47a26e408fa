import type { Disposable } from "../base/disposable.ts";
import { asError, CancelledError } from "../base/errors.ts";
import type { ConnectionUse } from "../config/connectionPolicy.ts";
import type { Master } from "../master/master.ts";
import type { MasterLease, MasterRegistry } from "../master/masterRegistry.ts";
import { isLoss } from "../master/masterTypes.ts";
import type { LoginMode, LostConnection, ReconnectHolder, ReconnectTicket } from "./reconnectTypes.ts";

export interface ConnectionLinkInit {
  readonly registry: MasterRegistry;
  readonly use: ConnectionUse;
  /** It may reconnect without a request by the user. */
  readonly automatic: boolean;
  /** A lease is held while it is up; otherwise the connection lingers as if it were unused. */
  readonly keeps: boolean;
  reconnect(lost: LostConnection, holder: ReconnectHolder): ReconnectTicket;
  onUp(master: Master): void;
  /** `lost`: waits for its return. `unused`: it was not used for its linger. `ended`: the user ended it. */
  onDown(how: "lost" | "unused" | "ended"): void;
}

/**
 * A hold on the shared connection of a destination, for a service that works over connections (forwards): leases it,
 * and waits for its return after a loss.
 */
export class ConnectionLink implements Disposable {
  readonly #init: ConnectionLinkInit;
  #lease: MasterLease | undefined;
  #watch: Disposable | undefined;
  #ticket: ReconnectTicket | undefined;
  #connecting: Promise<Master> | undefined;
  #abort = new AbortController();
  #masterId: string | undefined;
  #up: Master | undefined;
  #disposed = false;

  constructor(init: ConnectionLinkInit) {
    this.#init = init;
  }

  /** The connection, while it is usable. */
  get master(): Master | undefined {
    return this.#up?.isUsable ? this.#up : undefined;
  }

  /** The id of its current or last connection; without one, of the connection that it would share. */
  get masterId(): string | undefined {
    const { registry, use } = this.#init;
    // Also while it is made: a row that appears below its connection at once needs no move.
    if (this.#lease !== undefined) {
      return this.#lease.master.id;
    }
    if (this.#masterId !== undefined && (this.#ticket !== undefined || registry.get(this.#masterId))) {
      return this.#masterId;
    }
    const key = registry.keyOf(use);
    const shared = registry.masters.find((each) => each.key === key && each.connection !== undefined);
    return shared?.id ?? this.#masterId;
  }

  /** Whether it waits for the return of a lost connection. */
  get isWaiting(): boolean {
    return this.#ticket !== undefined;
  }

  /**
   * The connection: the existing one, or the next one. Concurrent callers share one attempt. Rejects with the error
   * of the attempt.
   */
  connect(login: LoginMode): Promise<Master> {
    if (this.master !== undefined) {
      return Promise.resolve(this.master);
    }
    if (this.#connecting === undefined) {
      const attempt = this.#connect(login).finally(() => {
        if (this.#connecting === attempt) {
          this.#connecting = undefined;
        }
      });
      this.#connecting = attempt;
    }
    return this.#connecting;
  }

  /** Releases the connection, until the next `connect`. */
  leave(): void {
    this.#abort.abort(new CancelledError());
    this.#abort = new AbortController();
    this.#connecting = undefined;
    this.#leaveQueue();
    this.#release();
  }

  dispose(): void {
    this.#disposed = true;
    this.leave();
  }

  async #connect(login: LoginMode): Promise<Master> {
    const { registry, use } = this.#init;
    const { signal } = this.#abort;
    for (let isFirst = true; ; isFirst = false) {
      this.#release();
      const lease = login === "none" ? registry.share(use) : registry.join(use, login === "attended");
      const { master } = lease;
      this.#lease = lease;
      try {
        await master.ready(signal);
        signal.throwIfAborted();
        this.#isUp(master);
        return master;
      } catch (thrown) {
        if (!signal.aborted) {
          // Otherwise `leave` has released it, and the next attempt may have begun.
          this.#release();
        }
        if (!isFirst || login !== "attended" || signal.aborted || !master.failedUnasked(thrown)) {
          throw asError(thrown);
        }
      }
    }
  }

  #isUp(master: Master): void {
    this.#up = master;
    this.#masterId = master.id;
    this.#leaveQueue();
    this.#watch = master.onDidChange(() => {
      if (master.isEnded) {
        this.#isDown(master);
      }
    });
    if (master.isEnded) {
      this.#isDown(master);
      return;
    }
    if (!this.#init.keeps) {
      this.#lease?.dispose();
      this.#lease = undefined;
    }
    this.#init.onUp(master);
  }

  #isDown(master: Master): void {
    if (this.#up !== master || this.#disposed) {
      return;
    }
    const isLost = master.endReason !== undefined && isLoss(master.endReason);
    this.#release();
    if (isLost) {
      this.#init.onDown("lost");
      this.#waitForReturn(master);
    } else {
      this.#init.onDown(master.endReason === "linger-over" ? "unused" : "ended");
    }
  }

  #waitForReturn(master: Master): void {
    const holder: ReconnectHolder = {
      automatic: this.#init.automatic,
      attempt: (login) => {
        this.connect(login).then(
          () => {},
          (error: unknown) => this.#ticket?.failed(asError(error)),
        );
      },
      wait: () => {},
      waitForOthers: () => {},
      stop: () => {
        this.#ticket = undefined;
        this.#init.onDown("ended");
      },
    };
    const ticket = this.#init.reconnect({ destinationKey: master.key, master: master.snapshot() }, holder);
    if (this.#disposed) {
      ticket.dispose();
    } else {
      this.#ticket = ticket;
    }
  }

  #leaveQueue(): void {
    const ticket = this.#ticket;
    this.#ticket = undefined;
    ticket?.dispose();
  }

  #release(): void {
    this.#up = undefined;
    this.#watch?.dispose();
    this.#watch = undefined;
    this.#lease?.dispose();
    this.#lease = undefined;
  }
}
