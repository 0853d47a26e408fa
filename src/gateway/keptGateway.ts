import type { Clock } from "../base/clock.ts";
import type { Disposable } from "../base/disposable.ts";
import type { Logger } from "../base/log.ts";
import type { ServedPrograms } from "../engine/keeper/keeperMessages.ts";
import type { Master } from "../master/master.ts";
import { SharedMaster } from "../share/sharedMaster.ts";
import { Gateway } from "./gateway.ts";

export interface KeptGatewayInit {
  readonly master: Master;
  /** The folder of the sockets. */
  readonly folder: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** A program came or went. */
  changed(): void;
}

/** Programs on a connection of the keeper, which outlives the windows. Ends with the connection. */
export class KeptGateway implements Disposable {
  readonly #shared: SharedMaster;
  #gateway: Gateway | undefined;
  /** Rejects with the file system's error. */
  readonly served: Promise<ServedPrograms>;

  constructor(init: KeptGatewayInit) {
    const { master, folder, clock, logger, changed } = init;
    let programs = 0;
    this.#shared = new SharedMaster({
      ...{ master, folder, clock, logger, changed },
      another: async () => undefined,
      nextId: () => `p${++programs}`,
    });
    this.served = this.#listen(init);
    void master.ended.then(() => this.dispose());
  }

  /** Whether a program is connected. */
  get isUsed(): boolean {
    return this.#shared.programs().length > 0;
  }

  dispose(): void {
    this.#gateway?.dispose();
    this.#shared.dispose();
  }

  async #listen({ master, folder, logger }: KeptGatewayInit): Promise<ServedPrograms> {
    await this.#shared.listen();
    const gateway = new Gateway({
      ...{ folder, logger, target: this.#shared.socketName ?? "", user: master.config.user },
      isUsable: () => master.isUsable,
    });
    this.#gateway = gateway;
    if (master.isEnded) {
      gateway.dispose();
    }
    return { socket: await gateway.listen(), knownHosts: gateway.knownHostsLine };
  }
}
