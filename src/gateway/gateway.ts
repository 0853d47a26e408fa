import { rm } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import type { Disposable } from "../base/disposable.ts";
import { guarded } from "../base/guarded.ts";
import { type Logger, printable } from "../base/log.ts";
import { markServed } from "../share/servedMark.ts";
import { listenIn } from "../share/socketFolder.ts";
import { GatewayClient } from "./gatewayClient.ts";
import { GatewayKey } from "./gatewayKey.ts";
import { GatewayPipe } from "./gatewayPipe.ts";

/** The highest number of conversations and of clients in them. Each takes a descriptor of this process. */
const mostClients = 512;

export interface GatewayInit {
  /** The folder of the sockets: only its owner can enter it. */
  readonly folder: string;
  /** The socket in the folder at which the connection is shared with programs. */
  readonly target: string;
  /** The login name of the connection. */
  readonly user: string;
  /** Whether a client can be served now. */
  isUsable(): boolean;
  readonly logger: Logger;
}

/**
 * A small SSH server on a socket that only this user can open. Plain `ssh`, whose block of ssh_config has it as
 * ProxyCommand, uses one of our connections through it.
 */
export class Gateway implements Disposable {
  readonly #init: GatewayInit;
  readonly #key = new GatewayKey();
  readonly #server: Server;
  readonly #clients = new Set<Disposable>();
  #socketName: string | undefined;
  #mark: Disposable | undefined;
  #disposed = false;

  constructor(init: GatewayInit) {
    this.#init = init;
    this.#server = createServer(
      { allowHalfOpen: true },
      guarded((socket: Socket) => this.#serve(socket)),
    );
    this.#server.on("error", (error) => init.logger.warn(`The gateway's socket failed: ${error.message}`));
  }

  /** The line of known_hosts by which `ssh` recognizes it. */
  get knownHostsLine(): string {
    return this.#key.knownHostsLine();
  }

  /** @returns the name of its socket. @throws the file system's error */
  async listen(): Promise<string> {
    const name = await listenIn(this.#init.folder, this.#server);
    this.#socketName = name;
    this.#mark = await markServed([join(this.#init.folder, name)]);
    if (this.#disposed) {
      this.#mark.dispose();
      await this.#removeSocket(name);
    }
    return name;
  }

  /** Disconnects all clients. Idempotent. */
  dispose(): void {
    if (this.#disposed) {
      return;
    }
    this.#disposed = true;
    this.#mark?.dispose();
    this.#server.close();
    for (const client of [...this.#clients]) {
      client.dispose();
    }
    if (this.#socketName !== undefined) {
      void this.#removeSocket(this.#socketName);
    }
  }

  async #removeSocket(name: string): Promise<void> {
    await rm(join(this.#init.folder, name), { force: true }).catch(() => {});
  }

  #serve(socket: Socket): void {
    if (this.#clients.size >= mostClients || this.#disposed) {
      socket.destroy();
      return;
    }
    const pipe = new GatewayPipe({
      socket,
      isUsable: () => this.#init.isUsable(),
      started: (stream, claim) => this.#start(stream, claim),
      closed: () => this.#clients.delete(pipe),
    });
    this.#clients.add(pipe);
  }

  #start(stream: Duplex, claim: string | undefined): void {
    const { folder, target, user, logger } = this.#init;
    const client: GatewayClient = new GatewayClient({
      ...{ stream, claim, user, key: this.#key, target: join(folder, target) },
      refused: (error) => logger.warn(`A program was disconnected: ${printable(error.message)}`),
      closed: () => this.#clients.delete(client),
    });
    this.#clients.add(client);
  }
}
