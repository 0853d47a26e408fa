import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { freePort } from "./freePort.ts";
import { type FlowLimits, Pump } from "./pump.ts";

/** Towards the server, towards the client, or both. */
export type Direction = "toServer" | "toClient" | "both";

/** One client's connection through the proxy. */
export interface ProxiedConnection {
  /** The port from which the proxy connects to the server: the peer port that the server sees. */
  readonly serverSidePort: number | undefined;
  /** The client's own port. */
  readonly clientPort: number | undefined;
  /** Bytes that the server has sent. */
  readonly bytesToClient: number;
  /** Like the proxy's `freeze`, for this connection only, and until the proxy's next `thaw`. */
  freeze(): void;
  /** Resets (RST) both sides. */
  drop(): void;
  /** Sends FIN to that side after the data in transit; the other direction continues. */
  halfClose(towards: "client" | "server"): void;
}

/** A TCP proxy on 127.0.0.1 with faults on request, which apply to existing and new connections. */
export class FaultProxy {
  readonly host = "127.0.0.1";
  #target: { readonly host: string; readonly port: number };
  readonly #open = new Set<Passage>();
  readonly #limits: { toServer: FlowLimits; toClient: FlowLimits } = { toServer: {}, toClient: {} };
  readonly #frozen = { toServer: false, toClient: false };
  #server: Server | undefined;
  readonly #port: number;
  #contacts = 0;
  #cut: { direction: "toServer" | "toClient"; bytes: number; how: "reset" | "end" } | undefined;

  private constructor(target: { host: string; port: number }, port: number) {
    this.#target = target;
    this.#port = port;
  }

  static async start(target: { readonly host: string; readonly port: number }): Promise<FaultProxy> {
    const proxy = new FaultProxy(target, await freePort());
    await proxy.accept();
    return proxy;
  }

  get port(): number {
    return this.#port;
  }

  /** New connections go there; open ones stay. */
  redirect(target: { readonly host?: string; readonly port: number }): void {
    this.#target = { host: target.host ?? this.host, port: target.port };
  }

  /** The number of connections since the start. */
  get contacts(): number {
    return this.#contacts;
  }

  /** The open ones, oldest first. */
  get connections(): readonly ProxiedConnection[] {
    return [...this.#open];
  }

  /** No data passes, but sockets stay open: a silent peer. New connections are accepted and get no data. */
  freeze(direction: Direction = "both"): void {
    this.#eachWay(direction, (way) => {
      this.#frozen[way] = true;
    });
    this.#apply();
  }

  /** Delayed and new data passes again. */
  thaw(direction: Direction = "both"): void {
    for (const passage of this.#open) {
      passage.isFrozen = false;
    }
    this.#eachWay(direction, (way) => {
      this.#frozen[way] = false;
    });
    this.#apply();
  }

  /** A slow or distant link; `{}` is a perfect one. The sender notices it as back-pressure. */
  limit(limits: FlowLimits, direction: Direction = "both"): void {
    this.#eachWay(direction, (way) => {
      this.#limits[way] = limits;
    });
    this.#apply();
  }

  /** RST to both sides of every connection. */
  drop(): void {
    for (const passage of this.#open) {
      passage.drop();
    }
  }

  /** FIN to that side of every connection; the other direction continues. */
  halfClose(towards: "client" | "server"): void {
    for (const passage of this.#open) {
      passage.halfClose(towards);
    }
  }

  /**
   * New connections end after this many bytes in that direction: inside the banner, the key exchange, … Undefined: no
   * limit.
   */
  cutAfter(
    bytes: number | undefined,
    direction: "toServer" | "toClient" = "toClient",
    how: "reset" | "end" = "reset",
  ): void {
    this.#cut = bytes === undefined ? undefined : { direction, bytes, how };
  }

  /** New connections are refused (ECONNREFUSED); open ones stay. */
  async refuse(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server !== undefined) {
      // `close` calls back only when the last connection has ended, but stops listening at once.
      server.close();
    }
  }

  /** Accepts new connections again, on the same port. */
  async accept(): Promise<void> {
    if (this.#server !== undefined) {
      return;
    }
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => this.#take(client));
    this.#server = server;
    server.listen(this.#port, this.host);
    await once(server, "listening");
  }

  /** Drops all connections and stops listening. Idempotent. */
  async stop(): Promise<void> {
    await this.refuse();
    this.drop();
  }

  #take(client: Socket): void {
    this.#contacts++;
    const { host, port } = this.#target;
    const server = connect({ host, port, allowHalfOpen: true, noDelay: true });
    const passage = new Passage(client, server, {
      onFrozen: () => this.#apply(),
      onGone: () => this.#open.delete(passage),
    });
    this.#open.add(passage);
    const cut = this.#cut;
    if (cut !== undefined) {
      passage.pumps[cut.direction].cutAfter(cut.bytes, () =>
        cut.how === "reset" ? passage.drop() : passage.end(),
      );
    }
    this.#apply();
  }

  #apply(): void {
    for (const way of ["toServer", "toClient"] as const) {
      for (const passage of this.#open) {
        passage.pumps[way].set(this.#limits[way], this.#frozen[way] || passage.isFrozen);
      }
    }
  }

  #eachWay(direction: Direction, act: (way: "toServer" | "toClient") => void): void {
    for (const way of direction === "both" ? (["toServer", "toClient"] as const) : [direction]) {
      act(way);
    }
  }
}

class Passage implements ProxiedConnection {
  readonly pumps: { readonly toServer: Pump; readonly toClient: Pump };
  isFrozen = false;
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #onFrozen: () => void;

  constructor(
    client: Socket,
    server: Socket,
    { onFrozen, onGone }: { readonly onFrozen: () => void; readonly onGone: () => void },
  ) {
    this.#onFrozen = onFrozen;
    this.#client = client;
    this.#server = server;
    this.pumps = { toServer: new Pump(client, server), toClient: new Pump(server, client) };
    for (const socket of [client, server]) {
      // A reset (or a refusal by the server) on one side resets the other.
      socket.on("error", () => this.drop());
      socket.on("close", () => {
        if (client.destroyed && server.destroyed) {
          this.pumps.toServer.dispose();
          this.pumps.toClient.dispose();
          onGone();
        }
      });
    }
  }

  get serverSidePort(): number | undefined {
    return this.#server.localPort;
  }

  get clientPort(): number | undefined {
    return this.#client.remotePort;
  }

  get bytesToClient(): number {
    return this.pumps.toClient.received;
  }

  freeze(): void {
    this.isFrozen = true;
    this.#onFrozen();
  }

  drop(): void {
    for (const socket of [this.#client, this.#server]) {
      // There is nothing to reset before it is connected.
      if (socket.connecting) {
        socket.destroy();
      } else {
        socket.resetAndDestroy();
      }
    }
  }

  /** FIN to both sides, and no more data. */
  end(): void {
    this.#client.destroy();
    this.#server.destroy();
  }

  halfClose(towards: "client" | "server"): void {
    this.pumps[towards === "client" ? "toClient" : "toServer"].finish();
  }
}
