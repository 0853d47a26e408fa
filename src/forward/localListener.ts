import { lookup } from "node:dns/promises";
import { once } from "node:events";
import { chmod, lstat, unlink } from "node:fs/promises";
import { createServer, isIP, isIPv6, type ListenOptions, type Server, type Socket } from "node:net";
import type { Disposable } from "../base/disposable.ts";
import { asError } from "../base/errors.ts";
import { guarded } from "../base/guarded.ts";
import { formatListen, type ListenAddress } from "../config/forwardSpec.ts";
import { ForwardError } from "../engine/engineErrors.ts";
import { resetSocket } from "./resetSocket.ts";

export interface LocalListenerInit {
  readonly at: ListenAddress;
  /** Listen on all addresses when none is named (GatewayPorts). */
  readonly gatewayPorts: boolean;
  /** AddressFamily: as in `ssh`, it limits the listening addresses to this family. */
  readonly addressFamily: "any" | "inet" | "inet6";
  /** The umask of a unix socket, and whether an existing file is removed (StreamLocalBindMask, -Unlink). */
  readonly bindMask: number;
  readonly unlink: boolean;
  /** The socket is paused and allows half-open connections. */
  onConnection(socket: Socket): void;
}

/** A listener on this computer, on every free address that its text stands for. */
export class LocalListener implements Disposable {
  /** Undefined for a unix socket. */
  readonly port: number | undefined;
  readonly #init: LocalListenerInit;
  readonly #servers: Server[];
  readonly #closings: Promise<unknown>[];
  #addresses: readonly string[];
  #taken: readonly string[];
  #isOver = false;

  /** @param taken addresses that another program uses */
  private constructor(init: LocalListenerInit, servers: readonly Server[], taken: readonly string[]) {
    this.#init = init;
    this.#servers = [...servers];
    this.#taken = taken;
    this.#closings = servers.map((server) => once(server, "close"));
    this.#addresses = servers.map(addressOf);
    const first = servers[0]?.address();
    this.port = typeof first === "object" && first !== null ? first.port : undefined;
  }

  get addresses(): readonly string[] {
    return this.#addresses;
  }

  /** Addresses that it should have, but that another program uses, if it got others. */
  get takenAddresses(): readonly string[] {
    return this.#taken.map((host) => formatListen({ type: "tcp", host, port: this.port ?? 0 }));
  }

  /** Whether it could listen now: at least at one address. A client that comes at this moment is refused. */
  static async isFree(init: Omit<LocalListenerInit, "onConnection">): Promise<boolean> {
    const probe = await LocalListener.open({ ...init, onConnection: resetSocket }).catch(() => undefined);
    await probe?.close();
    return probe !== undefined;
  }

  /** @throws ForwardError `port-taken`, `not-allowed`, `no-descriptors` */
  static async open(init: LocalListenerInit): Promise<LocalListener> {
    const { at } = init;
    try {
      return at.type === "unix"
        ? new LocalListener(init, [await listenAtPath(at.path, init)], [])
        : await LocalListener.#openPort(at, init);
    } catch (error) {
      throw listenError(error);
    }
  }

  /** One address is enough, as in channel_setup_fwd_listener_tcpip in OpenSSH's channels.c. */
  static async #openPort(
    at: Extract<ListenAddress, { type: "tcp" }>,
    init: LocalListenerInit,
  ): Promise<LocalListener> {
    const servers: Server[] = [];
    const taken: string[] = [];
    let failure: unknown;
    let { port } = at;
    for (const host of await hostsOf(at.host, init)) {
      try {
        const server = await listen({ host, port, ipv6Only: isIPv6(host) }, init);
        servers.push(server);
        const address = server.address();
        port = typeof address === "object" && address !== null ? address.port : port;
      } catch (error) {
        failure = worse(failure, error);
        if (codeOf(error) === "EADDRINUSE") {
          taken.push(host);
        }
      }
    }
    if (servers.length === 0) {
      throw failure;
    }
    return new LocalListener(init, servers, taken);
  }

  /** Listens at those of the taken addresses that are free now. Never rejects. @returns whether there were any */
  async listenAtTaken(): Promise<boolean> {
    const before = this.#taken;
    for (const host of before) {
      const options = { host, port: this.port, ipv6Only: isIPv6(host) };
      const server = await listen(options, this.#init).catch(() => undefined);
      if (server !== undefined) {
        this.#servers.push(server);
        this.#closings.push(once(server, "close"));
        this.#addresses = [...this.#addresses, addressOf(server)];
        this.#taken = this.#taken.filter((each) => each !== host);
        if (this.#isOver) {
          server.close();
        }
      }
    }
    return this.#taken.length < before.length;
  }

  /** Resolves when the port is free. Open connections stay. */
  async close(): Promise<void> {
    this.dispose();
    await Promise.all(this.#closings);
  }

  dispose(): void {
    this.#isOver = true;
    for (const server of this.#servers) {
      server.close();
    }
  }
}

function addressOf(server: Server): string {
  const address = server.address();
  return typeof address === "string" || address === null
    ? (address ?? "")
    : formatListen({ type: "tcp", host: address.address, port: address.port });
}

/** A computer without IPv6 has no ::1: the more useful error is that another program uses the port on 127.0.0.1. */
function worse(one: unknown, other: unknown): unknown {
  return one === undefined || codeOf(other) === "EADDRINUSE" ? other : one;
}

/** channel_fwd_bind_addr in OpenSSH's channels.c: no address and `localhost` are loopback, "" and `*` every address. */
async function hostsOf(
  host: string | undefined,
  { gatewayPorts, addressFamily }: LocalListenerInit,
): Promise<readonly string[]> {
  const isEvery = host === "" || host === "*" || (host === undefined && gatewayPorts);
  const addresses = isEvery
    ? ["0.0.0.0", "::"]
    : host === undefined || host === "localhost"
      ? ["127.0.0.1", "::1"]
      : isIP(host) !== 0 || host.includes("%")
        ? [host]
        : (await lookup(host, { all: true })).map(({ address }) => address);
  const wanted = addresses.filter(
    (address) => addressFamily === "any" || (addressFamily === "inet6") === address.includes(":"),
  );
  if (wanted.length === 0) {
    throw new Error(`AddressFamily ${addressFamily} leaves no address of ${host ?? "localhost"}`);
  }
  return wanted;
}

async function listen(options: ListenOptions, init: LocalListenerInit): Promise<Server> {
  const server = createServer(
    { allowHalfOpen: true, pauseOnConnect: true },
    guarded((socket: Socket) => init.onConnection(socket)),
  );
  server.listen(options);
  await once(server, "listening");
  // After a failed accept (EMFILE), the next successful one reports it.
  server.on("error", () => {});
  return server;
}

async function listenAtPath(path: string, init: LocalListenerInit): Promise<Server> {
  if (init.unlink && (await lstat(path).catch(() => undefined))?.isSocket()) {
    await unlink(path);
  }
  const before = umask(init.bindMask);
  let listening: Promise<Server>;
  try {
    // The file is created before this returns.
    listening = listen({ path }, init);
  } finally {
    umask(before);
  }
  const server = await listening;
  await chmod(path, 0o666 & ~init.bindMask).catch(() => {});
  return server;
}

/** @returns the previous umask; undefined where a thread may not set it. */
function umask(mask: number | undefined): number | undefined {
  try {
    return mask === undefined ? undefined : process.umask(mask);
  } catch {
    return undefined;
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

function listenError(thrown: unknown): ForwardError {
  const cause = asError(thrown);
  switch (codeOf(thrown)) {
    case "EADDRINUSE":
      return new ForwardError("port-taken", "Another program listens there", { cause });
    case "EMFILE":
    case "ENFILE":
      return new ForwardError("no-descriptors", "The process has no descriptor left", { cause });
    default:
      return new ForwardError("not-allowed", `The system does not allow listening there: ${cause.message}`, {
        cause,
      });
  }
}
