import { randomBytes } from "node:crypto";
import type { Clock } from "../base/clock.ts";
import type { Disposable } from "../base/disposable.ts";
import type { Logger } from "../base/log.ts";
import { ChannelError } from "../engine/engineErrors.ts";
import type { ServedConnection, ServedPrograms } from "../engine/keeper/keeperMessages.ts";
import { KeptGateway } from "../gateway/keptGateway.ts";
import type { Master } from "../master/master.ts";
import { listenForWindows } from "../share/meeting/servedSockets.ts";
import type { ProgramSnapshot } from "../share/programTypes.ts";
import { SharedMaster } from "../share/sharedMaster.ts";
import { socketStart } from "../share/windowKeys.ts";

export interface ServedConnectionsInit {
  /** The folder of the sockets. */
  readonly folder: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** A window or a program came or went. */
  changed(): void;
}

interface Served {
  readonly key: string;
  readonly shared: SharedMaster;
  readonly listening: Promise<SharedMaster>;
}

/** The connections of the keeper, each at a socket for windows and, on request, at a gateway for plain `ssh`. */
export class ServedConnections implements Disposable {
  readonly #init: ServedConnectionsInit;
  /** By the master's id. */
  readonly #served = new Map<string, Served>();
  /** By the master's id. */
  readonly #gateways = new Map<string, KeptGateway>();
  #nextProgram = 1;

  constructor(init: ServedConnectionsInit) {
    this.#init = init;
  }

  /** Whether a window or a program uses one of them. */
  get areUsed(): boolean {
    return (
      [...this.#served.values()].some(({ shared }) => shared.programs().length > 0) ||
      [...this.#gateways.values()].some((gateway) => gateway.programs().length > 0)
    );
  }

  /** @param key of the connection, as in WindowHello. */
  serve(master: Master, key: string): Promise<SharedMaster> {
    const before = this.#served.get(master.id);
    if (before !== undefined) {
      return before.listening;
    }
    const { folder, clock, logger, changed } = this.#init;
    const shared = new SharedMaster({
      ...{ master, clock, logger, changed },
      listen: listenForWindows(folder, `${socketStart(key)}${randomBytes(3).toString("hex")}`, {
        clock,
        logger,
      }),
      another: async () => undefined,
      nextId: () => `w${this.#nextProgram++}`,
      windows: { key, name: () => "" },
    });
    const listening = shared.listen().then(() => shared);
    this.#served.set(master.id, { key, shared, listening });
    void master.ended.then(() => {
      this.#served.delete(master.id);
      this.#gateways.delete(master.id);
      shared.dispose();
    });
    // The next window tries again. The other connections have nothing to do with it.
    listening.catch(() => {
      this.#served.delete(master.id);
      shared.dispose();
    });
    return listening;
  }

  /** Undefined: no connection with this key can take a session. */
  async where(key: string): Promise<ServedConnection | undefined> {
    for (const { key: other, listening } of this.#served.values()) {
      const shared = other === key ? await listening.catch(() => undefined) : undefined;
      if (shared?.master.isUsable === true) {
        return shared.socketName === undefined ? undefined : { socket: shared.socketName };
      }
    }
    return undefined;
  }

  /** The connection that is served at this socket. @throws ChannelError */
  async masterAt(socketName: string): Promise<Master> {
    for (const { listening } of this.#served.values()) {
      const each = await listening.catch(() => undefined);
      if (each?.socketName === socketName && each.master.isUsable) {
        return each.master;
      }
    }
    throw new ChannelError("connection-ended", "The keeper's connection has ended");
  }

  /**
   * Plain `ssh` may use the connection that is served at this socket. From then on `onPrograms` gets those that do,
   * until the result is disposed of.
   * @throws ChannelError, or the file system's error
   */
  async programsOn(
    socketName: string,
    onPrograms: (programs: readonly ProgramSnapshot[]) => void,
  ): Promise<Disposable & { readonly served: ServedPrograms }> {
    const master = await this.masterAt(socketName);
    const before = this.#gateways.get(master.id);
    const { folder, clock, logger, changed } = this.#init;
    const gateway =
      before ??
      new KeptGateway({
        ...{ master, folder, clock, logger, changed },
        nextId: () => `p${this.#nextProgram++}`,
      });
    this.#gateways.set(master.id, gateway);
    try {
      const served = await gateway.served;
      const watch = gateway.onDidChange(() => onPrograms(gateway.programs()));
      onPrograms(gateway.programs());
      return { served, dispose: () => watch.dispose() };
    } catch (error) {
      // The next window tries again.
      this.#gateways.delete(master.id);
      gateway.dispose();
      throw error;
    }
  }

  /** Ends a program's channels, on whatever connection. Unknown ids are ignored. */
  endProgram(id: string): void {
    for (const gateway of this.#gateways.values()) {
      if (gateway.end(id)) {
        return;
      }
    }
  }

  dispose(): void {
    for (const { shared } of this.#served.values()) {
      shared.dispose();
    }
    for (const gateway of this.#gateways.values()) {
      gateway.dispose();
    }
  }
}
