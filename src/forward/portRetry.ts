import type { Clock } from "../base/clock.ts";
import type { Disposable } from "../base/disposable.ts";
import type { ConnectionUse } from "../config/connectionPolicy.ts";
import type { MasterRegistry } from "../master/masterRegistry.ts";

/** A port that another program has is tried again after this time, in milliseconds. */
const retryAfter = 30_000;

export interface PortRetryInit {
  readonly clock: Clock;
  readonly registry: MasterRegistry;
  readonly use: ConnectionUse;
}

interface Running {
  timer?: Disposable;
  readonly connections: Disposable;
}

/** Tries a port that another program has again: from time to time, and with each new connection. */
export class PortRetry {
  readonly #init: PortRetryInit;
  #current: Running | undefined;

  constructor(init: PortRetryInit) {
    this.#init = init;
  }

  /** Whether there is a connection that a forward can share. */
  get hasConnection(): boolean {
    return this.#connectionId() !== undefined;
  }

  /** @param attempt resolves to whether the port is still taken. Never rejects. */
  start(attempt: () => Promise<boolean>): void {
    this.stop();
    const { clock, registry } = this.#init;
    let known = this.#connectionId();
    let isBusy = false;
    const current: Running = {
      connections: registry.onDidChange(() => {
        const id = this.#connectionId();
        const isNew = id !== undefined && id !== known;
        known = id;
        if (isNew) {
          void run();
        }
      }),
    };
    this.#current = current;
    const wait = (): void => {
      current.timer?.dispose();
      current.timer = clock.setTimeout(() => void run(), retryAfter);
    };
    const run = async (): Promise<void> => {
      if (isBusy) {
        return;
      }
      isBusy = true;
      const isTaken = await attempt();
      isBusy = false;
      if (this.#current === current) {
        if (isTaken) {
          wait();
        } else {
          this.stop();
        }
      }
    };
    wait();
  }

  stop(): void {
    this.#current?.timer?.dispose();
    this.#current?.connections.dispose();
    this.#current = undefined;
  }

  #connectionId(): string | undefined {
    const { registry, use } = this.#init;
    const key = registry.keyOf(use);
    return registry.masters.find(
      (each) => each.key === key && each.acceptsSessions && each.connection !== undefined,
    )?.id;
  }
}
