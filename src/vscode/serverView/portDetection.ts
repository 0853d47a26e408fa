import type { Clock } from "../../base/clock.ts";
import type { Disposable } from "../../base/disposable.ts";
import { readListeningPorts } from "../../remote/listeningPorts.ts";
import type { ListeningPort } from "../../remote/parse/listeningSockets.ts";
import type { RemoteAccess } from "../../remote/remoteExec.ts";
import { readAfterFailure, readEvery } from "./remotePolling.ts";

/** The host of a visible terminal, and its connection. */
export interface VisibleTerminal {
  readonly host: string;
  readonly masterId: string;
}

export interface PortDetectionInit {
  readonly clock: Clock;
  /** Undefined: no terminal of ours is visible. */
  visible(): VisibleTerminal | undefined;
  isOn(host: string): boolean;
  /** Undefined: the connection is not usable. */
  access(masterId: string): RemoteAccess | undefined;
  /** A port that was not there at the previous reading. */
  found(terminal: VisibleTerminal, port: ListeningPort): void;
}

interface Server {
  /** Undefined: not read yet. What listens at the first reading is not new. */
  ports: ReadonlySet<number> | undefined;
  /** Monotonic; undefined: never, because the server does not report its sockets. */
  next: number | undefined;
}

/** The connections that are remembered; the oldest is forgotten. */
const mostServers = 50;

/** Reads the ports of a server on which programs listen, while one of its terminals is visible. No vscode. */
export class PortDetection implements Disposable {
  readonly #init: PortDetectionInit;
  readonly #servers = new Map<string, Server>();
  #timer: Disposable | undefined;
  #reading = false;
  #disposed = false;

  constructor(init: PortDetectionInit) {
    this.#init = init;
  }

  /** Another terminal is visible, or a connection or a setting has changed. */
  update(): void {
    this.#timer?.dispose();
    this.#timer = undefined;
    const terminal = this.#init.visible();
    if (this.#disposed || this.#reading || terminal === undefined || !this.#init.isOn(terminal.host)) {
      return;
    }
    const access = this.#init.access(terminal.masterId);
    const server = this.#server(terminal.masterId);
    if (access === undefined || server.next === undefined) {
      return;
    }
    const wait = Math.max(0, server.next - this.#init.clock.monotonic());
    this.#timer = this.#init.clock.setTimeout(() => void this.#read(terminal, access, server), wait);
  }

  dispose(): void {
    this.#disposed = true;
    this.#timer?.dispose();
  }

  #server(masterId: string): Server {
    let server = this.#servers.get(masterId);
    if (server === undefined) {
      server = { ports: undefined, next: this.#init.clock.monotonic() };
      this.#servers.set(masterId, server);
      const [oldest] = this.#servers.keys();
      if (this.#servers.size > mostServers && oldest !== undefined) {
        this.#servers.delete(oldest);
      }
    }
    return server;
  }

  async #read(terminal: VisibleTerminal, access: RemoteAccess, server: Server): Promise<void> {
    this.#reading = true;
    const { clock } = this.#init;
    try {
      const ports = await readListeningPorts(access);
      server.next = ports === undefined ? undefined : clock.monotonic() + readEvery;
      const before = server.ports;
      server.ports = new Set(ports?.map(({ port }) => port));
      if (before !== undefined && !this.#disposed) {
        for (const port of ports ?? []) {
          if (!before.has(port.port)) {
            this.#init.found(terminal, port);
          }
        }
      }
    } catch {
      // The server has no shell, no room for a session, or is gone.
      server.next = clock.monotonic() + readAfterFailure;
    } finally {
      this.#reading = false;
      this.update();
    }
  }
}
