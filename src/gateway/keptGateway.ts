import type { Clock } from "../base/clock.ts";
import type { Disposable } from "../base/disposable.ts";
import { Emitter } from "../base/emitter.ts";
import type { Logger } from "../base/log.ts";
import type { ServedPrograms } from "../engine/keeper/keeperMessages.ts";
import type { Master } from "../master/master.ts";
import { listenForPrograms } from "../share/meeting/servedSockets.ts";
import type { ProgramSnapshot } from "../share/programTypes.ts";
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
  /** Of a program, different on all connections of the keeper. */
  nextId(): string;
}

/** Programs on a connection of the keeper, which outlives the windows. Ends with the connection. */
export class KeptGateway implements Disposable {
  readonly #shared: SharedMaster;
  readonly #changed = new Emitter<void>();
  #gateway: Gateway | undefined;
  /** A program came, went or changed. */
  readonly onDidChange = this.#changed.event;
  /** Rejects with the file system's error. */
  readonly served: Promise<ServedPrograms>;

  constructor(init: KeptGatewayInit) {
    const { master, folder, clock, logger, changed, nextId } = init;
    this.#shared = new SharedMaster({
      ...{ master, clock, logger },
      listen: listenForPrograms(folder, { clock, logger }),
      changed: () => {
        changed();
        this.#changed.fire();
      },
      another: async () => undefined,
      nextId,
    });
    // A program has reported its name, or opened or closed a channel.
    const relayed = master.connection?.relay?.onDidChange(() => this.#changed.fire());
    this.served = this.#listen(init);
    void master.ended.then(() => {
      relayed?.dispose();
      this.dispose();
    });
  }

  programs(): readonly ProgramSnapshot[] {
    return this.#shared.programs();
  }

  /** Ends a program's channels. @returns whether it uses this connection */
  end(id: string): boolean {
    return this.#shared.end(id);
  }

  dispose(): void {
    this.#gateway?.dispose();
    this.#shared.dispose();
    this.#changed.dispose();
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
