import { once } from "node:events";
import { chmod, lstat, unlink } from "node:fs/promises";
import { createServer, isIPv6, type ListenOptions, type Server, type Socket } from "node:net";
import type { Disposable } from "../base/disposable.ts";
import { asError } from "../base/errors.ts";
import { guarded } from "../base/guarded.ts";
import type { ListenAddress } from "../config/forwardSpec.ts";
import { ForwardError } from "../engine/engineErrors.ts";

export interface LocalListenerInit {
  readonly at: ListenAddress;
  /** Addresses other than loopback where none is named (GatewayPorts). */
  readonly gatewayPorts: boolean;
  /** The umask of a unix socket, and whether a file in its place is removed (StreamLocalBindMask, -Unlink). */
  readonly bindMask: number;
  readonly unlink: boolean;
  /** The socket is paused and allows half-open connections. */
  onConnection(socket: Socket): void;
}

/** A listener of this computer, on every address that its text stands for. */
export class LocalListener implements Disposable {
  readonly addresses: readonly string[];
  /** Undefined for a unix socket. */
  readonly port: number | undefined;
  readonly #servers: readonly Server[];
  readonly #closed: Promise<unknown>;

  private constructor(servers: readonly Server[]) {
    this.#servers = servers;
    this.#closed = Promise.all(servers.map((server) => once(server, "close")));
    const found = servers.map((server) => server.address());
    this.addresses = found.map((address) =>
      typeof address === "string" || address === null
        ? (address ?? "")
        : `${isIPv6(address.address) ? `[${address.address}]` : address.address}:${address.port}`,
    );
    const [first] = found;
    this.port = typeof first === "object" && first !== null ? first.port : undefined;
  }

  /** @throws ForwardError `port-taken`, `not-allowed`, `no-descriptors` */
  static async open(init: LocalListenerInit): Promise<LocalListener> {
    const { at } = init;
    const servers: Server[] = [];
    try {
      if (at.type === "unix") {
        servers.push(await listenAtPath(at.path, init));
      } else {
        let { port } = at;
        for (const host of hostsOf(at.host, init.gatewayPorts)) {
          try {
            const server = await listen({ host, port, ipv6Only: isIPv6(host) }, init);
            servers.push(server);
            const address = server.address();
            port = typeof address === "object" && address !== null ? address.port : port;
          } catch (error) {
            // A computer without IPv6 has no ::1. A free port that was chosen for IPv4 may be taken there.
            const isOptional =
              servers.length > 0 && (noSuchAddress.has(codeOf(error) ?? "") || at.port === 0);
            if (!isOptional) {
              throw error;
            }
          }
        }
      }
    } catch (error) {
      for (const server of servers) {
        server.close();
      }
      throw listenError(error);
    }
    return new LocalListener(servers);
  }

  /** Resolves when the port is free. Connections stay. */
  async close(): Promise<void> {
    this.dispose();
    await this.#closed;
  }

  dispose(): void {
    for (const server of this.#servers) {
      server.close();
    }
  }
}

const noSuchAddress: ReadonlySet<string> = new Set(["EADDRNOTAVAIL", "EAFNOSUPPORT", "EINVAL"]);

/** channel_fwd_bind_addr in OpenSSH's channels.c: no address and `localhost` are loopback, "" and `*` every address. */
function hostsOf(host: string | undefined, gatewayPorts: boolean): readonly string[] {
  if (host === "" || host === "*" || (host === undefined && gatewayPorts)) {
    return ["0.0.0.0", "::"];
  }
  return host === undefined || host === "localhost" ? ["127.0.0.1", "::1"] : [host];
}

async function listen(options: ListenOptions, init: LocalListenerInit): Promise<Server> {
  const server = createServer(
    { allowHalfOpen: true, pauseOnConnect: true },
    guarded((socket: Socket) => init.onConnection(socket)),
  );
  server.listen(options);
  await once(server, "listening");
  // An accept that fails (EMFILE) is reported by the next one that works.
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
    // The file is made before this returns.
    listening = listen({ path }, init);
  } finally {
    umask(before);
  }
  const server = await listening;
  await chmod(path, 0o666 & ~init.bindMask).catch(() => {});
  return server;
}

/** @returns the one before; undefined where threads may not set it. */
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
      return new ForwardError("not-allowed", `The system does not let us listen there: ${cause.message}`, {
        cause,
      });
  }
}
