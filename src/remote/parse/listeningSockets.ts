/** A TCP port on which a program of the login's own user listens. */
export interface ListeningPort {
  readonly port: number;
  /** By which address the server itself reaches it. */
  readonly host: "localhost" | "127.0.0.1" | "::1";
}

/** More than the programs of one user have. */
const mostPorts = 200;

/** X11 forwarding listens from here on: X11 display 0 is 6000 (sshd_config(5), X11DisplayOffset). */
const x11Ports = { first: 6000, last: 6063 };

/** Lines of /proc/net/tcp and /proc/net/tcp6 (proc(5)). @param user only sockets of this uid */
export function parseListening(lines: readonly string[], user: string): readonly ListeningPort[] {
  const found = new Map<number, ListeningPort>();
  for (const line of lines) {
    const [, local = "", , state, , , , uid] = line.trim().split(/\s+/);
    const [, address = "", hex = ""] = /^([\dA-F]{8}|[\dA-F]{32}):([\dA-F]{4})$/.exec(local) ?? [];
    const host = hostOf(address);
    const port = Number.parseInt(hex, 16);
    const isX11 = port >= x11Ports.first && port <= x11Ports.last;
    if (
      state === "0A" &&
      uid === user &&
      host !== undefined &&
      port > 0 &&
      !isX11 &&
      found.size < mostPorts
    ) {
      found.set(port, found.get(port) ?? { port, host });
    }
  }
  return [...found.values()];
}

/** In the byte order of the server. Another address than these is reached from elsewhere, too. */
function hostOf(address: string): ListeningPort["host"] | undefined {
  switch (address) {
    case "00000000":
    case "00000000000000000000000000000000":
      return "localhost";
    case "0100007F":
    case "7F000001":
    case "0000000000000000FFFF00000100007F":
      return "127.0.0.1";
    case "00000000000000000000000001000000":
    case "00000000000000000000000000000001":
      return "::1";
    default:
      return undefined;
  }
}
