import { join } from "node:path";
import type { Logger } from "../base/log.ts";
import type { LastingSocket } from "../engine/connectionEngine.ts";
import type { Offer, OfferedHost, Outlet } from "../share/outlet.ts";
import { socketFolderPath } from "../share/socketFolder.ts";
import { Gateway } from "./gateway.ts";
import { includedText } from "./includedText.ts";
import { IncludeFolder } from "./includeFolder.ts";

/** `lasting`: only connections that outlive this window. */
export type EveryTerminalMode = "lasting" | "all";

export interface EveryTerminalInit {
  readonly mode: EveryTerminalMode;
  /** The folder of the included files. */
  readonly includes: string;
  /** The `-F` of the user's command line; empty: none. */
  readonly configFile: string;
  readonly logger: Logger;
  /** The folder of the sockets. Default: the user's own. */
  readonly sockets?: string;
}

interface Served {
  readonly name: string;
  readonly gateway: Gateway | undefined;
  readonly socket: LastingSocket;
}

/** Lists for every `ssh` of this user the connections that it can use, in files that the user's ssh_config includes. */
export class EveryTerminal implements Outlet {
  readonly #init: EveryTerminalInit;
  readonly #folder: IncludeFolder;
  readonly #sockets: string;
  /** By the master's id. */
  readonly #served = new Map<string, Served>();

  constructor(init: EveryTerminalInit) {
    this.#init = init;
    this.#folder = new IncludeFolder(init.includes);
    this.#sockets = init.sockets ?? socketFolderPath();
  }

  /** After `close`, if sharing is off for good: removes what no other window needs. */
  static async tidy(includes: string): Promise<void> {
    await new IncludeFolder(includes).tidy();
  }

  prepare(): Promise<void> {
    return this.#folder.prepare();
  }

  async set(offer: Offer, hosts: readonly OfferedHost[]): Promise<void> {
    const { id, isEnded } = offer.master;
    const before = this.#served.get(id);
    if (before !== undefined && (isEnded || hosts.length === 0)) {
      await this.#folder.remove(before.name);
    }
    if (isEnded) {
      before?.gateway?.dispose();
      this.#served.delete(id);
      return;
    }
    const served = hosts.length === 0 ? undefined : (before ?? (await this.#serve(offer)));
    if (served === undefined) {
      return;
    }
    this.#served.set(id, served);
    const { name, socket } = served;
    const knownHosts = socket.knownHosts === undefined ? undefined : `${name}.known_hosts`;
    const { configFile } = this.#init;
    const text = includedText({
      ...{ folder: this.#folder.path, socket: socket.path, configFile, hosts, knownHosts },
    });
    await (text === "" ? this.#folder.remove(name) : this.#folder.write(name, text, socket.knownHosts));
  }

  async close(): Promise<void> {
    const all = [...this.#served.values()];
    this.#served.clear();
    for (const { gateway, name } of all) {
      gateway?.dispose();
      await this.#folder.remove(name);
    }
  }

  /** The included files of what outlives this window stay. */
  leave(): void {
    for (const { gateway, name } of this.#served.values()) {
      if (gateway !== undefined) {
        gateway.dispose();
        void this.#folder.remove(name).catch(() => {});
      }
    }
    this.#served.clear();
  }

  async #serve({ master, socketName }: Offer): Promise<Served | undefined> {
    const name = this.#folder.nameFor(master.id);
    const lasting = await master.connection?.lastingSocket?.();
    if (lasting !== undefined) {
      return { name, gateway: undefined, socket: lasting };
    }
    if (socketName === undefined || this.#init.mode !== "all") {
      return undefined;
    }
    const gateway = new Gateway({
      folder: this.#sockets,
      target: socketName,
      user: master.config.user,
      isUsable: () => master.isUsable,
      logger: this.#init.logger,
    });
    const path = join(this.#sockets, await gateway.listen());
    return { name, gateway, socket: { path, knownHosts: gateway.knownHostsLine } };
  }
}
